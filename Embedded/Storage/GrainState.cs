namespace Orleans;

/// <summary>The plain form of <see cref="IGrainState{T}"/>.</summary>
[GenerateSerializer, Alias("orleans.GrainState`1")]
public sealed class GrainState<T> : IGrainState<T>
{
    /// <summary>Nothing.</summary>
    public GrainState()
    {
    }

    /// <summary>A value that is not stored.</summary>
    public GrainState(T state)
        : this(state, null)
    {
    }

    /// <summary>A value with its version.</summary>
    public GrainState(T state, string? eTag)
    {
        State = state;
        ETag = eTag;
    }

    /// <inheritdoc/>
    [Id(0)]
    public T State { get; set; } = default!;

    /// <inheritdoc/>
    [Id(1)]
    public string? ETag { get; set; }

    /// <inheritdoc/>
    [Id(2)]
    public bool RecordExists { get; set; }
}
