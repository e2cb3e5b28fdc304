using Orleans;
using Orleans.Runtime.MembershipService;

namespace Dpark.Tests.Membership;

public sealed class InMemoryMembershipTableTests : MembershipTableSuite
{
    private readonly InMemoryMembershipTable _table = new();

    protected override Task<IMembershipTable> OpenAsync() => Task.FromResult<IMembershipTable>(_table);
}
