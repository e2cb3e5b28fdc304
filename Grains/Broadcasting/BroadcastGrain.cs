using Dpark.Workers;
using Orleans.Placement;

namespace Dpark.Broadcasting;

/// <summary>Remembers one published thing and its holders; see <see cref="IBroadcastGrain"/>.</summary>
[GrainType("dpark.broadcast")]
[PreferLocalPlacement]
internal sealed class BroadcastGrain : Grain, IBroadcastGrain
{
    /// <summary>Workers find enough others among the latest; an answer must stay small.</summary>
    private const int MaxHolders = 64;

    private BroadcastContent? _content;

    public Task PublishAsync(BroadcastContent content, CancellationToken cancellationToken)
    {
        if (content.Inline is { } inline ? inline.Length != content.Length || inline.Length > BroadcastContent.MaxInlineBytes : content.Holders.Length == 0)
        {
            throw new ArgumentException(
                $"{this.GetPrimaryKeyString()} cannot be published with {content.Inline?.Length ?? 0} of {content.Length} bytes inline " +
                $"and {content.Holders.Length} holders. " +
                $"Send up to {BroadcastContent.MaxInlineBytes} bytes inline, or store more on a worker first.",
                nameof(content));
        }

        _content = content;
        return Task.CompletedTask;
    }

    public Task<BroadcastContent?> LocateAsync(CancellationToken cancellationToken)
    {
        if (_content is null)
        {
            // Nothing is lost with an empty activation, and there may be many after a cluster was repaired.
            DeactivateOnIdle();
        }

        return Task.FromResult(_content);
    }

    public Task AddHolderAsync(BroadcastHolder holder, CancellationToken cancellationToken)
    {
        if (_content is { Inline: null } content)
        {
            // News may overtake each other, and what a worker has it keeps.
            if (Array.Find(content.Holders, other => other.Worker == holder.Worker) is { } known)
            {
                holder = holder with { Pieces = BroadcastPieces.Union(known.Pieces, holder.Pieces) };
            }

            BroadcastHolder[] holders = [holder, .. content.Holders.Where(other => other.Worker != holder.Worker).Take(MaxHolders - 1)];
            _content = content with { Holders = holders };
        }

        return Task.CompletedTask;
    }

    public Task RemoveHolderAsync(WorkerId worker, CancellationToken cancellationToken)
    {
        if (_content is { Inline: null } content)
        {
            BroadcastHolder[] holders = [.. content.Holders.Where(holder => holder.Worker != worker)];
            _content = holders.Length > 0 ? content with { Holders = holders } : null;
        }

        return Task.CompletedTask;
    }

    public Task RemoveAsync(CancellationToken cancellationToken)
    {
        _content = null;
        DeactivateOnIdle();
        return Task.CompletedTask;
    }
}
