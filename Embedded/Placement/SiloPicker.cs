namespace Orleans.Runtime.Placement;

/// <summary>Picks silos at random. Thread-safe.</summary>
internal sealed class SiloPicker(ILocalSiloDetails silo)
{
    private uint _count;

    public SiloAddress Pick(SiloAddress[] silos) => silos[Next(silos.Length)];

    /// <summary>A number from 0 up to and without the bound.</summary>
    public int Next(int bound) =>
        (int)(IdHash.Combine(unchecked((uint)silo.SiloAddress.GetConsistentHashCode()), Interlocked.Increment(ref _count)) % (uint)bound);

    /// <summary>Moves so many of the silos, picked at random, to the front.</summary>
    public Span<SiloAddress> Pick(SiloAddress[] silos, int count)
    {
        count = Math.Min(count, silos.Length);
        for (var i = 0; i < count; i++)
        {
            var other = i + Next(silos.Length - i);
            (silos[i], silos[other]) = (silos[other], silos[i]);
        }

        return silos.AsSpan(0, count);
    }
}
