using System.Runtime.CompilerServices;
using Orleans.Storage;

namespace Orleans.Runtime;

/// <summary>One state of one activation. Not thread-safe: used in turns of the activation.</summary>
internal sealed class PersistentState<TState>(string name, IGrainContext context, IGrainStorage storage) : IPersistentState<TState>
{
    private readonly GrainState<TState> _state = new(New());

    public TState State
    {
        get => _state.State;
        set => _state.State = value;
    }

    public string? Etag => _state.ETag;

    public bool RecordExists => _state.RecordExists;

    public Task ReadStateAsync() => ReadStateAsync(CancellationToken.None);

    // In grain code the scheduler is kept, so that what follows an await is a turn of the activation.
    public async Task ReadStateAsync(CancellationToken cancellationToken)
    {
        await storage.ReadStateAsync(name, context.GrainId, _state, cancellationToken);
        FillIn();
    }

    public Task WriteStateAsync() => WriteStateAsync(CancellationToken.None);

    public Task WriteStateAsync(CancellationToken cancellationToken) => storage.WriteStateAsync(name, context.GrainId, _state, cancellationToken);

    public Task ClearStateAsync() => ClearStateAsync(CancellationToken.None);

    public async Task ClearStateAsync(CancellationToken cancellationToken)
    {
        await storage.ClearStateAsync(name, context.GrainId, _state, cancellationToken);
        FillIn();
    }

    // As the serializer does: a constructor without parameters is run, a class that has none starts empty.
    private static TState New()
    {
        var type = typeof(TState);
        if (type.IsValueType || type.IsAbstract || type.IsArray || type == typeof(string))
        {
            return default!;
        }

        return type.GetConstructor(Type.EmptyTypes) is null ? (TState)RuntimeHelpers.GetUninitializedObject(type) : Activator.CreateInstance<TState>();
    }

    private void FillIn()
    {
        if (_state.State is null)
        {
            _state.State = New();
        }
    }
}
