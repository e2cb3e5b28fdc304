using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Dpark.Broadcasting;
using Dpark.Closures.Shapes;

namespace Dpark.Closures.Format;

/// <summary>Publishes captured values that are too large for a closure. One per serialized graph and the values inside it; used by one thread.</summary>
internal sealed class CaptureBroadcaster(IBroadcastSink sink, CodeCatalog catalog, int limit)
{
    // What was published before, by content: the same table in ten stages is sent once, and one that was changed between two jobs is sent again.
    private static readonly ConditionalWeakTable<IBroadcastSink, Dictionary<string, BroadcastId>> Published = [];

    private readonly Dictionary<object, BroadcastId?> _verdicts = new(ReferenceEqualityComparer.Instance);

    /// <summary>A closure names a value that was broadcast by hand.</summary>
    public void Use(BroadcastId broadcast) => sink.Use(broadcast);

    /// <summary>Publishes a value unless it is small.</summary>
    /// <param name="failure">Of the graph that captures it.</param>
    /// <param name="holder">The node that captures it.</param>
    /// <returns>Whether it travels as a broadcast.</returns>
    public bool TryPublish(ClosureFailure failure, GraphWalker walker, int holder, object value, TypeLayout layout, out BroadcastId id)
    {
        id = default;
        if (!CanBeLarge(value, layout))
        {
            return false;
        }

        if (!_verdicts.TryGetValue(value, out var verdict))
        {
            // Until it is known, a cycle back to the value keeps it inline.
            _verdicts.Add(value, null);
            verdict = Publish(failure, walker, holder, value);
            _verdicts[value] = verdict;
        }

        id = verdict.GetValueOrDefault();
        return verdict is not null;
    }

    private bool CanBeLarge(object value, TypeLayout layout) => value switch
    {
        string text => text.Length > limit / 3,
        Array array when layout.Shape is ArrayShape { Element.RawBytes: > 0 and var bytes } => array.LongLength * bytes > limit,
        _ => layout.Refusal is null && layout.Shape is ObjectShape or ArrayShape && (layout.Text is null || !layout.Text.Claims(value)),
    };

    private BroadcastId? Publish(ClosureFailure failure, GraphWalker walker, int holder, object value)
    {
        var inner = new ClosureFailure(failure.CallSite, (failure, walker, holder));
        var closure = ClosureWriter.Write(value, catalog, inner, this, forUser: true);
        if (closure.Bytes.Length <= limit)
        {
            return null;
        }

        var hash = Convert.ToHexString(SHA256.HashData(closure.Bytes));
        var published = Published.GetOrCreateValue(sink);
        lock (published)
        {
            if (!published.TryGetValue(hash, out var id))
            {
                id = sink.Add(closure.Bytes, failure.Describe(walker, holder, value), closure.Modules);
                published.Add(hash, id);
            }

            return id;
        }
    }
}
