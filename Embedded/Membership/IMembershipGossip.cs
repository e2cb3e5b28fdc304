namespace Orleans.Runtime.MembershipService;

/// <summary>Tells other silos of a newer snapshot.</summary>
internal interface IMembershipGossip
{
    /// <summary>
    /// Sends the snapshot to all silos in it that run, except this one. Whether it arrives is not known: the table tells everybody in the end.
    /// </summary>
    /// <param name="changed">Is told even if it is dead now.</param>
    void Send(ClusterMembershipSnapshot snapshot, SiloAddress changed);
}
