using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace Orleans.Runtime.MembershipService;

internal sealed partial class MembershipGossip(
    ILocalSiloDetails silo, Func<SiloAddress, IMembershipGossipTarget> targets, IOptions<ClusterMembershipOptions> options, ILogger<MembershipGossip> logger)
    : IMembershipGossip
{
    public void Send(ClusterMembershipSnapshot snapshot, SiloAddress changed)
    {
        if (!options.Value.UseLivenessGossip)
        {
            return;
        }

        foreach (var member in snapshot.Members.Values)
        {
            var isConcerned = member.Status is not (SiloStatus.Dead or SiloStatus.None) || member.SiloAddress.Equals(changed);
            if (isConcerned && !member.SiloAddress.Equals(silo.SiloAddress))
            {
                _ = SendAsync(member.SiloAddress, snapshot);
            }
        }
    }

    private async Task SendAsync(SiloAddress target, ClusterMembershipSnapshot snapshot)
    {
        try
        {
            await targets(target).ReceiveAsync(snapshot).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            LogNotSent(exception, target, snapshot.Version);
        }
    }

    [LoggerMessage(LogLevel.Debug, "Silo {Silo} was not told of membership version {Version}; it will read it in the table.")]
    private partial void LogNotSent(Exception exception, SiloAddress silo, MembershipVersion version);
}
