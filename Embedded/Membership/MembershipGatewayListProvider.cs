using System.Net;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Messaging;

namespace Orleans.Runtime.MembershipService;

/// <summary>Gateways of active silos, from the membership table.</summary>
internal sealed class MembershipGatewayListProvider(IMembershipTable table, IOptions<GatewayOptions> options) : IGatewayListProvider
{
    public TimeSpan MaxStaleness => options.Value.GatewayListRefreshPeriod;

    public bool IsUpdatable => true;

    public Task InitializeGatewayListProvider() => table.InitializeMembershipTable(false);

    public async Task<IList<Uri>> GetGateways()
    {
        var data = await table.ReadAll().ConfigureAwait(false);
        return [.. data.Members
            .Select(row => row.Item1)
            .Where(entry => entry.Status == SiloStatus.Active && entry.ProxyPort != 0)
            .Select(entry => GatewayUri.Create(new IPEndPoint(entry.SiloAddress.Endpoint.Address, entry.ProxyPort), 0))];
    }
}
