using Dpark.Tasks;

namespace Dpark.Broadcasting;

/// <summary>
/// A value that is sent to each worker once, in pieces that workers fetch from each other, and that all tasks there share. Lambdas capture it and read <see cref="Value"/>.
/// </summary>
/// <remarks>
/// <para>Large values that a lambda captures travel like this by themselves, and stay on the workers until the application ends. Making one by hand says when that
/// is over: <see cref="UnpersistAsync"/> removes the copies, and a later job that uses the value sends it again; <see cref="DisposeAsync"/> ends it for good.</para>
/// <para>The driver keeps the value, but not its bytes once workers have them; it encodes it again if all copies are lost. So the value must not be changed.</para>
/// <para>A worker has it when the first task whose code captures it starts there, whether or not that task reads it. Thread-safe.</para>
/// </remarks>
/// <example><code>
/// await using var table = dpark.Broadcast(File.ReadLines("codes.csv").ToDictionary(CodeOf));
/// var named = visits.Map(visit => (visit.User, table.Value[visit.Code]));
/// </code></example>
public sealed class Broadcast<T> : IAsyncDisposable
{
    private readonly BroadcastCell<T> _cell;
    private readonly BroadcastId _id;

    [NonSerialized]
    private readonly IBroadcastOwner? _owner;

    internal Broadcast(BroadcastCell<T> cell, IBroadcastOwner owner) => (_cell, _id, _owner) = (cell, cell.Id, owner);

    /// <summary>Names it within its application.</summary>
    public BroadcastId Id => _id;

    /// <summary>The value. In a task it is the worker's copy, which other tasks read at the same time; it must not be changed.</summary>
    /// <exception cref="ObjectDisposedException">It was disposed. Driver only: a task that has it keeps it to its end.</exception>
    public T Value
    {
        get
        {
            ObjectDisposedException.ThrowIf(_cell.IsDisposed, this);
            return _cell.Value;
        }
    }

    /// <summary>Removes the copies from the workers and waits until that is done. Tasks that have the value go on with it; a job that starts later sends it again.</summary>
    /// <exception cref="InvalidOperationException">Called inside a task.</exception>
    /// <exception cref="ObjectDisposedException">It was disposed.</exception>
    public Task UnpersistAsync(CancellationToken cancellationToken = default)
    {
        var owner = Owner();
        ObjectDisposedException.ThrowIf(_cell.IsDisposed, this);
        return owner.UnpersistAsync(_id, cancellationToken);
    }

    /// <summary>
    /// Removes the value from the workers and from here. Harmless the second time. A job that needs it afterwards fails and says so, unless all of its tasks have it already.
    /// </summary>
    /// <exception cref="InvalidOperationException">Called inside a task.</exception>
    public async ValueTask DisposeAsync()
    {
        var owner = Owner();
        if (_cell.TryDispose())
        {
            await owner.DestroyAsync(_id).ConfigureAwait(false);
        }
    }

    /// <summary>Its id.</summary>
    public override string ToString() => _id.ToString();

    private IBroadcastOwner Owner() => TaskContext.Current is null && _owner is not null
        ? _owner
        : throw new InvalidOperationException($"{_id} was to be removed inside a task, which can only read it. Remove it in the driver, after the action.");
}
