using System.Diagnostics.CodeAnalysis;
using Dpark.Broadcasting;
using Dpark.Closures.Code;
using Dpark.Closures.Format;
using Dpark.Rdds;

namespace Dpark.Closures;

/// <summary>
/// Turns object graphs into bytes and back: stage programs with the user's functions, partitions, exceptions. The driver and the executor have one each. Thread-safe.
/// </summary>
/// <remarks>
/// <para>Nothing has to be annotated. A class travels by its fields, without those marked <see cref="NonSerializedAttribute"/>; arrays, strings, numbers, types and
/// the framework's collections do, too, with identity and cycles kept. A delegate travels as module, method, type arguments and target. No constructor of user code
/// runs on the worker.</para>
/// <para>Of what a lambda captures, only what its code can reach is sent; see <see cref="Analysis.CaptureAnalyzer"/>. Static fields are not captured: each process has its own.</para>
/// <para>The bytes are described in <c>docs/formats/closure.md</c>.</para>
/// </remarks>
public sealed class ClosureSerializer
{
    private readonly ClosureOptions _options;
    private readonly FlatGraphs _flat;

    /// <param name="options">Limits; <see langword="null"/> for the defaults.</param>
    /// <param name="catalog">Where modules are described; <see langword="null"/> for a catalog of its own.</param>
    public ClosureSerializer(ClosureOptions? options = null, CodeCatalog? catalog = null)
    {
        _options = options ?? new ClosureOptions();
        Catalog = catalog ?? new CodeCatalog();
        _flat = new FlatGraphs(Catalog);
    }

    /// <summary>Has the bytes of every module that was named by a closure of this serializer.</summary>
    public CodeCatalog Catalog { get; }

    /// <summary>Reads a closure once. For many copies of one closure, use <see cref="PreparedClosure"/>.</summary>
    /// <param name="bytes">Kept while values are shared with the copy, and must not be changed.</param>
    /// <param name="broadcasts">Where large captured values come from; may be <see langword="null"/> if there are none.</param>
    /// <exception cref="InvalidDataException">The bytes are malformed, or name code that is not in their modules, the engine or the framework.</exception>
    public static object Deserialize(
        ReadOnlyMemory<byte> bytes, CodeResolver code, IBroadcastSource? broadcasts = null, CancellationToken cancellationToken = default) =>
        PreparedClosure.Prepare(bytes, code).Instantiate(broadcasts, cancellationToken);

    /// <summary>Checks that a function can travel. Called by each operator, so that the error names the line that is wrong.</summary>
    /// <remarks>Looks through everything the function captures; costs microseconds for a few values, and time in proportion to large ones.</remarks>
    /// <exception cref="ClosureException">It captures something that cannot travel; the message names it with its path.</exception>
    [SuppressMessage("Performance", "CA1822", Justification = "What is refused may come to depend on the options.")]
    public void Check(Delegate function, CallSite callSite)
    {
        ArgumentNullException.ThrowIfNull(function);
        var walker = new GraphWalker(new ClosureFailure(callSite, null), null);
        walker.Walk(function, forUser: !SharedAssemblies.IsEngine(function.Method.Module.Assembly));
    }

    /// <summary>Writes a graph.</summary>
    /// <param name="root">A stage program, a partition, a delegate: any object.</param>
    /// <param name="broadcasts">Takes large captured values; <see langword="null"/> keeps all inline.</param>
    /// <exception cref="ClosureException">Something in it cannot travel.</exception>
    public SerializedClosure Serialize(object root, IBroadcastSink? broadcasts)
    {
        ArgumentNullException.ThrowIfNull(root);
        if (_flat.TryWrite(root, out var flat))
        {
            return flat;
        }

        var failure = new ClosureFailure(null, null);
        var broadcaster = broadcasts is null ? null : new CaptureBroadcaster(broadcasts, Catalog, _options.MaxInlineCaptureBytes);
        return ClosureWriter.Write(root, Catalog, failure, broadcaster, forUser: false);
    }

    /// <summary>Writes a value that is broadcast by hand.</summary>
    /// <param name="callSite">Where it was.</param>
    /// <exception cref="ClosureException">Something in it cannot travel.</exception>
    internal SerializedClosure SerializeCell(BroadcastCell cell, CallSite callSite) =>
        ClosureWriter.Write(cell, Catalog, new ClosureFailure(callSite, null), broadcaster: null, forUser: true);

    /// <summary>Writes an exception of user code with its type, fields, inner exceptions and stack trace, so that the driver can throw it again.</summary>
    /// <returns><see langword="false"/> if it holds something that cannot travel. Nothing is thrown.</returns>
    [SuppressMessage("Design", "CA1031", Justification = "An exception of user code may throw from any of its members; its text is sent instead.")]
    public bool TrySerialize(Exception exception, [NotNullWhen(true)] out SerializedClosure? closure)
    {
        try
        {
            closure = Serialize(exception, null);
            return true;
        }
        catch (Exception)
        {
            closure = null;
            return false;
        }
    }
}
