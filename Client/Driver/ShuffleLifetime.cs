using System.Runtime.CompilerServices;
using Dpark.Rdds;
using Dpark.Shuffle;

namespace Dpark.Driver;

/// <summary>Notices that a shuffle can never be read again: when the last RDD that could read it was collected in the driver, so was this object.</summary>
internal sealed class ShuffleLifetime
{
    private static readonly ConditionalWeakTable<ShuffleDependency, ShuffleLifetime> Watched = [];

    private readonly ShuffleId _shuffle;

    // Not weak: a weak reference that nobody else holds may be finalized before this object is. The RDDs that keep this object alive hold the session, too.
    private readonly DriverSession _session;

    private ShuffleLifetime(ShuffleId shuffle, DriverSession session) => (_shuffle, _session) = (shuffle, session);

    ~ShuffleLifetime() => _session.ForgetShuffle(_shuffle);

    /// <summary>Has the session told when nobody can use the shuffle any more. Once per shuffle.</summary>
    public static void Watch(ShuffleDependency dependency, DriverSession session) =>
        Watched.GetValue(dependency, key => new ShuffleLifetime(key.Shuffle, session));
}
