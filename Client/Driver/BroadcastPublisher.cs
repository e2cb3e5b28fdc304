using Dpark.Broadcasting;
using Dpark.Closures;

namespace Dpark.Driver;

/// <summary>Large captured values: numbers them when the serializer meets them, and publishes them before the stage that needs them is ready. Thread-safe.</summary>
/// <remarks>The bytes stay here while the context lives, because a worker may have to be given them again.</remarks>
internal sealed class BroadcastPublisher(ContentPublisher contents) : IBroadcastSink
{
    private readonly Lock _gate = new();
    private readonly List<(BroadcastId Id, ReadOnlyMemory<byte> Bytes, IReadOnlyList<CodeModule> Modules)> _values = [];

    public BroadcastId Add(ReadOnlyMemory<byte> bytes, string description, IReadOnlyList<CodeModule> modules)
    {
        lock (_gate)
        {
            var id = new BroadcastId(_values.Count);
            _values.Add((id, bytes, modules));
            return id;
        }
    }

    /// <summary>Publishes every value that is not published yet; with <paramref name="again"/>, every value.</summary>
    /// <remarks>A stage may use values that an earlier one brought, so it waits for all.</remarks>
    public Task PublishAllAsync(bool again, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _values.Count == 0
                ? Task.CompletedTask
                : Task.WhenAll(_values.Select(value => contents.PublishAsync(BroadcastNames.Of(value.Id), () => value.Bytes, again, cancellationToken)));
        }
    }

    /// <summary>The assemblies that the values need.</summary>
    public IReadOnlyList<CodeModule> Modules()
    {
        lock (_gate)
        {
            return [.. _values.SelectMany(value => value.Modules).Distinct()];
        }
    }
}
