namespace Orleans.Runtime.GrainDirectory;

/// <summary>Answers other silos' questions about the entries that this silo holds.</summary>
internal sealed class DirectoryPartition(ILocalSiloDetails silo, DirectoryState state, DistributedGrainLocator locator)
    : SystemTarget(Type, silo.SiloAddress), IDirectoryPartition
{
    public static readonly GrainType Type = GrainType.Create("sys.svc.directory");

    public async Task<DirectoryReply> RegisterAsync(GrainAddress address, GrainAddress? previous, MembershipVersion version)
    {
        GrainAddress? winner = null;
        var reply = await AnswerAsync(address.GrainId, version, () => state.TryRegister(address, previous, out winner));
        return reply with { Address = winner };
    }

    public async Task<DirectoryReply> LookupAsync(GrainId grain, MembershipVersion version)
    {
        GrainAddress? found = null;
        var reply = await AnswerAsync(grain, version, () => state.TryLookup(grain, out found));
        return reply with { Address = found };
    }

    public Task<DirectoryReply> UnregisterAsync(GrainAddress address, MembershipVersion version) =>
        AnswerAsync(address.GrainId, version, () => state.TryUnregister(address));

    public async Task<List<GrainAddress>> GetRegistrationsAsync(List<HashRange> ranges, MembershipVersion version)
    {
        await locator.EnsureVersionAsync(version);
        return state.GetRegistrations(ranges);
    }

    private async Task<DirectoryReply> AnswerAsync(GrainId grain, MembershipVersion version, Func<bool> action)
    {
        await locator.EnsureVersionAsync(version);
        while (true)
        {
            // Read before the action: an answer at an older version than that of the action makes the asker look again, the reverse would mislead it.
            var view = state.View;
            if (action())
            {
                return new DirectoryReply(true, view.Version, null);
            }

            if (state.GetRecovery(grain) is not { } recovery)
            {
                return new DirectoryReply(false, state.View.Version, null);
            }

            await recovery.Done;
        }
    }
}
