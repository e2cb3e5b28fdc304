namespace Orleans.Runtime.Placement;

/// <summary>For <see cref="SiloRoleBasedPlacement"/>. Roles stand in the membership table, which is read when a silo is met that it did not name the last time.</summary>
internal sealed class RoleDirector(IMembershipTable table, SiloPicker picker) : IPlacementDirector
{
    private volatile Dictionary<SiloAddress, string> _roles = [];

    public async Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var role = target.GrainIdentity.Key.ToString();
        var silos = context.GetCompatibleSilos(target);
        if (Array.Exists(silos, silo => !_roles.ContainsKey(silo)))
        {
            _roles = (await table.ReadAll()).Members.ToDictionary(row => row.Item1.SiloAddress, row => row.Item1.RoleName);
        }

        var roles = _roles;
        var matching = Array.FindAll(silos, silo => roles.TryGetValue(silo, out var known) && known == role);
        return matching.Length > 0
            ? IPlacementDirector.GetPlacementHint(target.RequestContextData, matching) ?? picker.Pick(matching)
            : throw new OrleansException(
                $"Cannot place grain {target.GrainIdentity}: no active silo that hosts its class has the role '{role}'. "
                    + $"The roles are {string.Join(", ", silos.Select(silo => $"'{roles.GetValueOrDefault(silo)}'").Distinct())}; give the grain one of them as its key.");
    }
}
