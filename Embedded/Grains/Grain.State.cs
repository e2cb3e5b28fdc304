using Orleans.Core;

namespace Orleans;

/// <summary>A grain with one state in the storage that <see cref="Providers.StorageProviderAttribute"/> names, or in the default one. It is read before <see cref="Grain.OnActivateAsync"/>.</summary>
public class Grain<TGrainState> : Grain
{
    private readonly IStorage<TGrainState> _storage;

    /// <summary>Gets the storage from the runtime.</summary>
    protected Grain()
    {
        _storage = Runtime?.GetStorage<TGrainState>(GrainContext)
            ?? throw new InvalidOperationException($"Grain {GetType()} was not created by the runtime. Give it its storage in the constructor.");
    }

    /// <summary>For tests that construct a grain themselves.</summary>
    protected Grain(IStorage<TGrainState> storage) => _storage = storage;

    /// <summary>The state, which is written by <see cref="WriteStateAsync"/> only.</summary>
    protected TGrainState State
    {
        get => _storage.State;
        set => _storage.State = value;
    }

    /// <summary>Deletes the state from storage and creates a fresh one.</summary>
    protected virtual Task ClearStateAsync() => _storage.ClearStateAsync();

    /// <summary>Writes the state to storage.</summary>
    /// <exception cref="Storage.InconsistentStateException">Another activation wrote it since it was read.</exception>
    protected virtual Task WriteStateAsync() => _storage.WriteStateAsync();

    /// <summary>Reads the state from storage.</summary>
    protected virtual Task ReadStateAsync() => _storage.ReadStateAsync();
}
