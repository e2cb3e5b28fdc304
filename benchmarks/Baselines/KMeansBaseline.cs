using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Dpark.Baselines;

/// <summary>k-means by hand: all coordinates in one array, one array of sums per thread.</summary>
public sealed class KMeansBaseline
{
    /// <summary>Coordinates of a point.</summary>
    public const int Dimensions = 10;

    /// <summary>Clusters.</summary>
    public const int Clusters = 10;

    /// <summary>Coordinates of all sums, each followed by a count.</summary>
    public const int SumsLength = Clusters * (Dimensions + 1);

    private readonly double[] _points;

    /// <param name="pointCount">As <see cref="PointOf"/> gives them.</param>
    public KMeansBaseline(int pointCount)
    {
        _points = new double[pointCount * Dimensions];
        for (var i = 0; i < pointCount; i++)
        {
            PointOf(i).CopyTo(_points, i * Dimensions);
        }
    }

    /// <summary>A point, by its number: one of as many clouds as there are clusters.</summary>
    public static double[] PointOf(long number)
    {
        var point = new double[Dimensions];
        var cloud = number % Clusters;
        for (var i = 0; i < point.Length; i++)
        {
            var noise = KeyedRows.Mix((ulong)(number * Dimensions) + (ulong)i + 1) >> 11;
            point[i] = (KeyedRows.Mix((ulong)((cloud * Dimensions) + i + 1)) % 100) + (noise * (20.0 / (1L << 53)));
        }

        return point;
    }

    /// <summary>Where the clusters are before the first step, one after the other.</summary>
    public static double[] StartingCenters() => [.. Enumerable.Range(0, Clusters).SelectMany(cluster => PointOf(cluster * 7L))];

    /// <summary>Adds a point to the sums of the center that is nearest to it.</summary>
    /// <param name="sums">As many as <see cref="SumsLength"/>.</param>
    public static void Add(ReadOnlySpan<double> point, ReadOnlySpan<double> centers, Span<double> sums)
    {
        var target = sums.Slice(Nearest(point, centers) * (Dimensions + 1), Dimensions + 1);
        for (var i = 0; i < Dimensions; i++)
        {
            target[i] += point[i];
        }

        target[Dimensions]++;
    }

    /// <summary>The centers of the next step. One that has no points stays.</summary>
    public static double[] NextCenters(double[] centers, ReadOnlySpan<double> sums)
    {
        var next = new double[centers.Length];
        for (var i = 0; i < next.Length; i++)
        {
            var (cluster, dimension) = Math.DivRem(i, Dimensions);
            var count = sums[(cluster * (Dimensions + 1)) + Dimensions];
            next[i] = count == 0 ? centers[i] : sums[(cluster * (Dimensions + 1)) + dimension] / count;
        }

        return next;
    }

    /// <summary>For comparison: sums of additions in another order differ in their last digits.</summary>
    public static string CheckOf(double[] centers) =>
        string.Create(CultureInfo.InvariantCulture, $"{Clusters} centers {centers.Select((value, index) => value * (index + 1)).Sum():F5}");

    /// <summary>Runs so many steps.</summary>
    public string Run(int iterationCount, int threadCount)
    {
        var centers = StartingCenters();
        var sums = new double[threadCount][];
        for (var iteration = 0; iteration < iterationCount; iteration++)
        {
            Threads.Run(threadCount, index =>
            {
                var pointCount = _points.Length / Dimensions;
                var share = sums[index] = new double[SumsLength];
                for (var i = (long)pointCount * index / threadCount; i < (long)pointCount * (index + 1) / threadCount; i++)
                {
                    Add(_points.AsSpan((int)i * Dimensions, Dimensions), centers, share);
                }
            });
            centers = NextCenters(centers, sums.Aggregate((left, right) => [.. left.Zip(right, (a, b) => a + b)]));
        }

        return CheckOf(centers);
    }

    private static int Nearest(ReadOnlySpan<double> point, ReadOnlySpan<double> centers)
    {
        ref var p = ref MemoryMarshal.GetReference(point[..Dimensions]);
        ref var c = ref MemoryMarshal.GetReference(centers[..(Clusters * Dimensions)]);
        var first = Vector256.LoadUnsafe(ref p);
        var second = Vector256.LoadUnsafe(ref p, 4);
        var third = Vector128.LoadUnsafe(ref p, 8);
        var (best, nearest) = (double.MaxValue, 0);
        for (var cluster = 0; cluster < Clusters; cluster++)
        {
            var offset = (nuint)(cluster * Dimensions);
            var a = first - Vector256.LoadUnsafe(ref c, offset);
            var b = second - Vector256.LoadUnsafe(ref c, offset + 4);
            var d = third - Vector128.LoadUnsafe(ref c, offset + 8);
            var distance = Vector256.Sum((a * a) + (b * b)) + Vector128.Sum(d * d);
            if (distance < best)
            {
                (best, nearest) = (distance, cluster);
            }
        }

        return nearest;
    }
}
