namespace Dpark.Applications;

/// <summary>What is known of a driver's lease.</summary>
internal enum LeaseState
{
    /// <summary>It was renewed in time.</summary>
    Held,

    /// <summary>It was not.</summary>
    Ended,

    /// <summary>Nobody was there to hear the driver. The lease counts from now on.</summary>
    Unknown,
}

/// <summary>Whether a driver renews its lease, by looking from time to time. Used by one thread at a time.</summary>
/// <remarks>
/// A silo that stood still, because its process was stopped or its machine slept, finds all leases over when it goes on, although the drivers have renewed them where the grain is active by
/// then, since the others declared the silo dead; and what it says in its last moments may still be heard. So it is not the time since the renewal alone that counts: whoever looks again only
/// after half a lease has not been there. Drivers renew every third of a lease, so a shorter pause ends none.
/// </remarks>
internal sealed class DriverLease
{
    private const int LooksPerLease = 8;

    private readonly TimeProvider _timeProvider;
    private TimeSpan _length;
    private long _renewedAt;
    private long _lookedAt;

    /// <summary>Begins one.</summary>
    public DriverLease(TimeProvider timeProvider, TimeSpan length)
    {
        _timeProvider = timeProvider;
        Renew(length);
    }

    /// <summary>How often to look; the end of a lease is seen so much later at most.</summary>
    public TimeSpan LookInterval => _length / LooksPerLease;

    /// <summary>The driver was heard. The next look is due after <see cref="LookInterval"/>.</summary>
    public void Renew(TimeSpan length)
    {
        _length = length;
        _renewedAt = _lookedAt = _timeProvider.GetTimestamp();
    }

    /// <summary>Says whether the lease is held.</summary>
    /// <param name="pause">Since the last look or renewal.</param>
    public LeaseState Look(out TimeSpan pause)
    {
        var now = _timeProvider.GetTimestamp();
        pause = _timeProvider.GetElapsedTime(_lookedAt, now);
        _lookedAt = now;
        if (pause >= _length / 2)
        {
            _renewedAt = now;
            return LeaseState.Unknown;
        }

        return _timeProvider.GetElapsedTime(_renewedAt, now) >= _length ? LeaseState.Ended : LeaseState.Held;
    }
}
