namespace Dpark.Broadcasting;

/// <summary>Holds the value of a <see cref="Broadcast{T}"/>. Closures name it by its id, and it travels apart from them.</summary>
internal abstract class BroadcastCell(BroadcastId id)
{
    [NonSerialized]
    private readonly BroadcastId _id = id;

    [NonSerialized]
    private volatile bool _isDisposed;

    /// <summary>Driver only.</summary>
    public BroadcastId Id => _id;

    public bool IsDisposed
    {
        get => _isDisposed;
        protected set => _isDisposed = value;
    }
}

/// <inheritdoc/>
internal sealed class BroadcastCell<T>(BroadcastId id, T value) : BroadcastCell(id)
{
    private T _value = value;

    [NonSerialized]
    private int _disposals;

    public T Value => _value;

    /// <summary>Lets go of the value.</summary>
    /// <returns>Whether it was not done before.</returns>
    public bool TryDispose()
    {
        if (Interlocked.Increment(ref _disposals) > 1)
        {
            return false;
        }

        IsDisposed = true;
        _value = default!;
        return true;
    }
}

/// <summary>Removes broadcast values. The driver implements it. Thread-safe.</summary>
internal interface IBroadcastOwner
{
    /// <summary>Removes it from the workers.</summary>
    Task UnpersistAsync(BroadcastId id, CancellationToken cancellationToken);

    /// <summary>Removes it for good. Fails only if that could not be tried.</summary>
    Task DestroyAsync(BroadcastId id);
}
