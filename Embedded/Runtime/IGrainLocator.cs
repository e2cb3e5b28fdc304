namespace Orleans.Runtime;

/// <summary>Finds and registers activations. The directory implements it; a silo's messaging uses it.</summary>
internal interface IGrainLocator
{
    /// <summary>Where the grain was when this silo last heard of it. On the path of every call: does not allocate.</summary>
    bool TryLookupCached(GrainId grain, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out GrainAddress? address);

    /// <summary>Where the grain is; null if it is not active.</summary>
    ValueTask<GrainAddress?> LookupAsync(GrainId grain, CancellationToken cancellationToken);

    /// <summary>Registers an activation unless there is one, and returns the one that is registered then.</summary>
    /// <param name="previous">A registration that may be replaced, for its activation is known to be gone.</param>
    ValueTask<GrainAddress> RegisterAsync(GrainAddress address, GrainAddress? previous);

    /// <summary>Removes the registration of an activation. Nothing happens if another one is registered.</summary>
    ValueTask UnregisterAsync(GrainAddress address);

    /// <summary>Forgets what <see cref="TryLookupCached"/> would tell.</summary>
    void InvalidateCache(GrainAddress address);
}
