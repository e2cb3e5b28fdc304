using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;

namespace Orleans.Runtime.GrainDirectory;

/// <summary>
/// One silo's part of the directory: the entries that it holds for others, and the activations of its own that others hold for it. Thread-safe.
/// </summary>
/// <remarks>
/// Invariant: an activation of this silo is among the registrations from the time that it is known to be registered until it is unregistered.
/// Entries can
/// therefore always be rebuilt by asking all silos, which is what a new owner of a range does; nothing is lost with the old one.
/// The second invariant makes that safe: whoever answers such a question at version v takes no registration as known afterwards that an owner of an
/// older version has accepted, but registers again; see <see cref="TryConfirm"/>.
/// </remarks>
internal sealed class DirectoryState(SiloAddress self)
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<GrainId, GrainAddress> _entries = [];
    private readonly Dictionary<GrainId, GrainAddress> _registrations = [];
    private ImmutableArray<DirectoryRecovery> _recoveries = [];
    private volatile DirectoryView _view = DirectoryView.Empty;

    public DirectoryView View => _view;

    public int EntryCount => _entries.Count;

    /// <summary>Finds an entry that this silo holds, without waiting.</summary>
    public bool TryGetEntry(GrainId grain, [NotNullWhen(true)] out GrainAddress? address) => _entries.TryGetValue(grain, out address);

    /// <summary>Takes a newer view.</summary>
    /// <returns>What must be recovered; null if nothing must, or if no other silo can know of activations.</returns>
    public DirectoryRecovery? Change(DirectoryView view)
    {
        lock (_gate)
        {
            var acquired = view.GetAcquired(self, _view);
            _view = view;
            foreach (var pair in _entries)
            {
                if (!self.Equals(view.GetOwner(pair.Key)) || IsDead(view, pair.Value.SiloAddress!))
                {
                    _entries.TryRemove(pair);
                }
            }

            if (acquired.Count == 0)
            {
                return null;
            }

            var recovery = new DirectoryRecovery(acquired, view);
            if (GetSources(view).Count == 0)
            {
                AddEntries(GetRegistrations(acquired));
                return null;
            }

            _recoveries = _recoveries.Add(recovery);
            return recovery;
        }
    }

    /// <summary>Other silos that may have activations.</summary>
    public List<SiloAddress> GetSources(DirectoryView view)
    {
        var sources = new List<SiloAddress>();
        foreach (var member in view.Snapshot.Members.Values)
        {
            if (member.Status is SiloStatus.Active or SiloStatus.ShuttingDown or SiloStatus.Stopping && !member.SiloAddress.Equals(self))
            {
                sources.Add(member.SiloAddress);
            }
        }

        return sources;
    }

    /// <summary>Takes what other silos have answered, and lets those go on that wait.</summary>
    public void Complete(DirectoryRecovery recovery, IEnumerable<GrainAddress> addresses)
    {
        lock (_gate)
        {
            AddEntries(addresses);
            AddEntries(GetRegistrations(recovery.Ranges));
            _recoveries = _recoveries.Remove(recovery);
        }

        recovery.Complete();
    }

    /// <summary>The recovery that the grain's entry waits for, or null.</summary>
    public DirectoryRecovery? GetRecovery(GrainId grain)
    {
        var recoveries = _recoveries;
        if (recoveries.IsEmpty)
        {
            return null;
        }

        var hash = grain.GetUniformHashCode();
        return recoveries.FirstOrDefault(recovery => recovery.Contains(hash));
    }

    /// <summary>Registers an activation of any silo in an entry of this one.</summary>
    /// <param name="winner">The activation that is registered then.</param>
    /// <returns>False if this silo does not hold the grain's entry, or does not know it yet.</returns>
    public bool TryRegister(GrainAddress address, GrainAddress? previous, [NotNullWhen(true)] out GrainAddress? winner)
    {
        lock (_gate)
        {
            if (!IsReady(address.GrainId))
            {
                winner = null;
                return false;
            }

            winner = Register(address, previous);
            if (ReferenceEquals(winner, address) && self.Equals(address.SiloAddress))
            {
                _registrations[address.GrainId] = address;
            }

            return true;
        }
    }

    /// <returns>False if this silo does not hold the grain's entry, or does not know it yet.</returns>
    public bool TryLookup(GrainId grain, out GrainAddress? address)
    {
        lock (_gate)
        {
            address = null;
            if (!IsReady(grain))
            {
                return false;
            }

            _entries.TryGetValue(grain, out address);
            return true;
        }
    }

    /// <returns>False if this silo does not hold the grain's entry, or does not know it yet.</returns>
    public bool TryUnregister(GrainAddress address)
    {
        lock (_gate)
        {
            if (!IsReady(address.GrainId))
            {
                return false;
            }

            if (_entries.TryGetValue(address.GrainId, out var entry) && entry.Matches(address))
            {
                _entries.TryRemove(KeyValuePair.Create(address.GrainId, entry));
            }

            return true;
        }
    }

    /// <summary>Notes that another silo holds the entry of an activation of this one.</summary>
    /// <param name="asked">The view in which that silo was asked.</param>
    /// <param name="answered">The version at which it answered.</param>
    /// <returns>False if the entry may have moved since without the activation: register again.</returns>
    public bool TryConfirm(GrainAddress address, DirectoryView asked, MembershipVersion answered)
    {
        lock (_gate)
        {
            if (!IsCurrent(asked, answered))
            {
                return false;
            }

            _registrations[address.GrainId] = address;
            return true;
        }
    }

    /// <summary>Whether an answer still holds, since no owner that came later has asked this silo for its registrations.</summary>
    public bool IsCurrent(DirectoryView asked, MembershipVersion answered)
    {
        var current = _view;
        return ReferenceEquals(current, asked) || current.Version <= answered;
    }

    /// <summary>Notes that an activation of this silo has ended.</summary>
    public void Forget(GrainAddress address)
    {
        lock (_gate)
        {
            if (_registrations.TryGetValue(address.GrainId, out var present) && present.Matches(address))
            {
                _registrations.Remove(address.GrainId);
            }
        }
    }

    /// <summary>Activations of this silo with hashes in the ranges.</summary>
    public List<GrainAddress> GetRegistrations(List<HashRange> ranges)
    {
        lock (_gate)
        {
            var found = new List<GrainAddress>();
            foreach (var address in _registrations.Values)
            {
                var hash = address.GrainId.GetUniformHashCode();
                foreach (var range in ranges)
                {
                    if (range.Contains(hash))
                    {
                        found.Add(address);
                        break;
                    }
                }
            }

            return found;
        }
    }

    private static bool IsDead(DirectoryView view, SiloAddress silo) => view.Snapshot.GetSiloStatus(silo) == SiloStatus.Dead;

    private bool IsReady(GrainId grain) => self.Equals(_view.GetOwner(grain)) && GetRecovery(grain) is null;

    private GrainAddress Register(GrainAddress address, GrainAddress? previous)
    {
        // A silo has one activation of a grain at most, so another one on the same silo is gone.
        if (_entries.TryGetValue(address.GrainId, out var existing)
            && !existing.SiloAddress!.Equals(address.SiloAddress)
            && !existing.Matches(previous)
            && !IsDead(_view, existing.SiloAddress))
        {
            return existing;
        }

        _entries[address.GrainId] = address;
        return address;
    }

    private void AddEntries(IEnumerable<GrainAddress> addresses)
    {
        foreach (var address in addresses)
        {
            if (self.Equals(_view.GetOwner(address.GrainId)) && !IsDead(_view, address.SiloAddress!))
            {
                _entries.TryAdd(address.GrainId, address);
            }
        }
    }
}
