using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Runtime;
using Orleans.Serialization;

namespace Orleans.Storage;

/// <summary>
/// Grain storage in some ordinary grains of the cluster. A state is lost with the silo on which its grain happens to be. Thread-safe.
/// </summary>
internal sealed class MemoryGrainStorage(string name, MemoryGrainStorageOptions options, IGrainFactory grains, Serializer serializer) : IGrainStorage
{
    /// <exception cref="OrleansConfigurationException">The options cannot work.</exception>
    public static MemoryGrainStorage Create(IServiceProvider services, string name)
    {
        var options = services.GetRequiredService<IOptionsMonitor<MemoryGrainStorageOptions>>().Get(name);
        return options.NumStorageGrains > 0
            ? new MemoryGrainStorage(name, options, services.GetRequiredService<IGrainFactory>(), services.GetRequiredService<Serializer>())
            : throw new OrleansConfigurationException(
                $"{nameof(MemoryGrainStorageOptions.NumStorageGrains)} of memory storage '{name}' is {options.NumStorageGrains}. Set at least 1.");
    }

    // Continuations stay where the caller is: a turn of the activation.
    public async Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = Key(stateName, grainId);
        if (await GrainFor(key).ReadAsync(key) is { } stored)
        {
            grainState.State = serializer.Deserialize<T>(stored.Data);
            grainState.ETag = stored.ETag;
            grainState.RecordExists = true;
        }
        else
        {
            Clear(grainState);
        }
    }

    public async Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = Key(stateName, grainId);
        var change = await GrainFor(key).WriteAsync(key, serializer.SerializeToArray(grainState.State), grainState.ETag);
        ThrowIfConflict("written", stateName, grainId, grainState.ETag, change);
        grainState.ETag = change.ETag;
        grainState.RecordExists = true;
    }

    public async Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        var key = Key(stateName, grainId);
        var change = await GrainFor(key).DeleteAsync(key, grainState.ETag);
        ThrowIfConflict("cleared", stateName, grainId, grainState.ETag, change);
        Clear(grainState);
    }

    private static void Clear<T>(IGrainState<T> grainState)
    {
        grainState.State = default!;
        grainState.ETag = null;
        grainState.RecordExists = false;
    }

    private void ThrowIfConflict(string action, string stateName, GrainId grainId, string? etag, MemoryStateChange change)
    {
        if (!change.IsDone)
        {
            throw new InconsistentStateException(
                $"State '{stateName}' of grain {grainId} was not {action} in storage '{name}', because it has changed since it was read. "
                    + "The activation ends; the next one reads it anew.",
                change.ETag,
                etag);
        }
    }

    private string Key(string stateName, GrainId grainId) => $"{name}/{stateName}/{grainId}";

    private IMemoryStateGrain GrainFor(string key)
    {
        var hash = IdHash.Of(Encoding.UTF8.GetBytes(key));
        return grains.GetGrain<IMemoryStateGrain>(hash % (uint)options.NumStorageGrains);
    }
}
