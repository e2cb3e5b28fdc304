using System.Collections.Concurrent;
using Dpark.Broadcasting;
using Dpark.Closures;
using Dpark.Memory;
using Dpark.Tasks;
using Dpark.Workers;

namespace Dpark.Applications;

/// <summary>
/// What one worker keeps in memory for one application: its code, its programs, its broadcast values. Made when a task first needs it. Thread-safe.
/// </summary>
/// <remarks>
/// A new cache of objects that refer to the application's code belongs here, and is cleared in <see cref="Dispose"/>: what stays keeps that code loaded.
/// </remarks>
internal sealed class WorkerApplication : IDisposable
{
    /// <summary>A driver that runs one job after the other publishes a program for each.</summary>
    private const int MaxPrograms = 256;

    /// <summary>Each is prepared by the first task of it, unless that is cancelled, or the message came twice.</summary>
    private const int MaxOffered = 32;

    private readonly PublishedContents _contents;
    private readonly SharedFetches<StageProgramId, PreparedClosure> _programs = new(MaxPrograms);
    private readonly ConcurrentDictionary<StageProgramId, byte[]> _offered = [];
    private readonly BroadcastValues _broadcasts;

    // One for all tasks: each of them asks for its program.
    private readonly Func<StageProgramId, CancellationToken, PreparedClosure> _prepare;

    private volatile bool _isDisposed;

    /// <param name="memory">What the decoded broadcast values of the worker hold.</param>
    public WorkerApplication(AppId id, PublishedContents contents, MemoryHolder memory)
    {
        Id = id;
        _broadcasts = new(memory, contents.Arriving);
        _contents = contents;
        _prepare = PrepareProgram;
        Code = new(id, FetchModule);
    }

    public AppId Id { get; }

    /// <summary>Finds the code that the application's closures name.</summary>
    public CodeResolver Code { get; }

    /// <summary>The program, fetched and prepared if it is not there.</summary>
    public PreparedClosure GetProgram(StageProgramId program, CancellationToken cancellationToken) =>
        _programs.GetOrMake(program, _prepare, cancellationToken);

    /// <summary>Takes the bytes of a program, so that it need not be fetched. Does not wait.</summary>
    public void Offer(StageProgramId program, byte[] bytes)
    {
        if (!PublishedContents.Matches(bytes, program.Hash))
        {
            return;
        }

        // The program of another round of a loop, mostly. Prepared here, no slot has to wait for the one that prepares it.
        if (PreparedClosure.TryPrepare(bytes, Code) is { } prepared)
        {
            _programs.TryAdd(program, prepared);
            return;
        }

        if (_offered.Count >= MaxOffered)
        {
            _offered.Clear();
        }

        _offered[program] = bytes;
    }

    /// <summary>The value of a broadcast, fetched and decoded if it is not there.</summary>
    public object GetBroadcast(BroadcastId broadcast, Func<ReadOnlyMemory<byte>, object> decode, CancellationToken cancellationToken)
    {
        var value = _broadcasts.GetOrMake(broadcast, token => _contents.Fetch(Id, BroadcastNames.Of(broadcast), hash: null, token), decode, cancellationToken);
        if (_isDisposed)
        {
            // The application ended meanwhile, and nobody clears this again.
            _broadcasts.Remove(broadcast);
        }

        return value;
    }

    /// <summary>Forgets the decoded value of a broadcast.</summary>
    public void DropBroadcast(BroadcastId broadcast) => _broadcasts.Remove(broadcast);

    /// <summary>Lets go of decoded broadcast values; see <see cref="BroadcastValues.GiveUp"/>.</summary>
    public long GiveUpBroadcasts(long wanted) => _broadcasts.GiveUp(wanted);

    /// <summary>The bytes of a partition that is too large for a message. They are not kept decoded: hardly another task reads it.</summary>
    public ReadOnlyMemory<byte> FetchPartition(string hash, CancellationToken cancellationToken) =>
        _contents.Fetch(Id, BroadcastNames.OfPartition(hash), hash, cancellationToken);

    /// <summary>Unloads the code. Tasks that still run fail when they need more of it.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        _programs.Clear();
        _offered.Clear();
        _broadcasts.Clear();
        Code.Dispose();
    }

    private PreparedClosure PrepareProgram(StageProgramId program, CancellationToken cancellationToken) =>
        PreparedClosure.Prepare(
            _offered.TryRemove(program, out var offered)
                ? offered
                : _contents.Fetch(Id, BroadcastNames.Of(program), program.Hash, cancellationToken),
            Code);

    // The resolver asks on the thread of whichever task needs the code first, and knows no token of that task.
    private ReadOnlyMemory<byte> FetchModule(CodeModule module) => module.Hash.Length > 0
        ? _contents.Fetch(Id, BroadcastNames.Of(module), module.Hash, CancellationToken.None)
        : throw new MissingInputException($"module {module}", "The driver has no file of it. Give its bytes to CodeCatalog.Register.");
}
