using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dpark.Codecs;
using Dpark.Rdds.Operators;
using Dpark.Rdds.Sources;
using Dpark.Text;

namespace Dpark.Rdds;

/// <summary>Where RDDs come from. Each describes one and runs nothing.</summary>
public static class RddContextExtensions
{
    /// <summary>Distributes a collection. It is enumerated, and its elements encoded, at once; later changes are not seen. Large data should come from files.</summary>
    /// <param name="elements">May be empty: the result then has one empty partition.</param>
    /// <param name="sliceCount">
    /// Most partitions; at least 1. All have the same number of elements but the last ones, which may be empty. <see langword="null"/>:
    /// <see cref="IRddContext.DefaultParallelism"/>.
    /// </param>
    /// <example><code>var numbers = dpark.Parallelize(Enumerable.Range(0, 1000));</code></example>
    /// <exception cref="UnsupportedRecordTypeException">Elements of this type cannot travel.</exception>
    public static Rdd<T> Parallelize<T>(
        this IRddContext context,
        IEnumerable<T> elements,
        int? sliceCount = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(elements);
        return elements switch
        {
            T[] array => context.Parallelize(new ReadOnlySpan<T>(array), sliceCount, file, line),
            List<T> list => context.Parallelize(CollectionsMarshal.AsSpan(list), sliceCount, file, line),
            _ => context.Parallelize<T>(elements.ToArray().AsSpan(), sliceCount, file, line),
        };
    }

    /// <summary>As the one for sequences.</summary>
    public static Rdd<T> Parallelize<T>(
        this IRddContext context,
        ReadOnlySpan<T> elements,
        int? sliceCount = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        var count = sliceCount ?? context.DefaultParallelism;
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1, nameof(sliceCount));
        RecordCodec.EnsureSupported<T>();
        return new ParallelCollectionRdd<T>(context, elements, count, new CallSite(nameof(Parallelize), file, line));
    }

    /// <summary>Consecutive numbers, made in the tasks: takes no memory, however many there are.</summary>
    /// <param name="count">How many; 0 gives one empty partition.</param>
    /// <param name="sliceCount">Most partitions; at least 1. <see langword="null"/>: <see cref="IRddContext.DefaultParallelism"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative, or the last number would be greater than 2^63 - 1.</exception>
    public static Rdd<long> Range(
        this IRddContext context,
        long start,
        long count,
        int? sliceCount = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, long.MaxValue - count, nameof(start));
        var slices = sliceCount ?? context.DefaultParallelism;
        ArgumentOutOfRangeException.ThrowIfLessThan(slices, 1, nameof(sliceCount));
        return new RangeRdd(context, start, count, slices, new CallSite(nameof(Range), file, line));
    }

    /// <summary>The elements of a checkpoint of this or another application, in the same partitions. The files are looked for when the first job needs them, not now.</summary>
    /// <typeparam name="T">As it was written; another type is an error of the tasks that read it.</typeparam>
    /// <param name="directory">Was given to <see cref="Rdd{T}.CheckpointAsync"/>.</param>
    /// <example><code>var ranks = dpark.ReadCheckpoint&lt;(long Page, double Rank)&gt;("/shared/ranks-40");</code></example>
    /// <exception cref="UnsupportedRecordTypeException">Elements of this type cannot be decoded.</exception>
    public static Rdd<T> ReadCheckpoint<T>(
        this IRddContext context, string directory, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(directory);
        RecordCodec.EnsureSupported<T>();
        return new CheckpointRdd<T>(context, Path.GetFullPath(directory), partitioner: null, new CallSite(nameof(ReadCheckpoint), file, line));
    }

    /// <summary>The lines of text files, in the order of <see cref="InputFiles.Find"/>. The files are looked for when the first job needs them, not now.</summary>
    /// <param name="path">
    /// A file, a directory (recursive, without names that begin with a dot or an underscore), or a pattern such as <c>logs/**/*.{log,gz}</c>; see <see cref="InputFiles.Find"/>.
    /// Workers open the same full paths, so they must be on this machine or share the file system.
    /// </param>
    /// <param name="options">How files are cut into partitions.</param>
    /// <remarks>
    /// Lines end as in <see cref="File.ReadLines(string)"/>: after <c>\n</c>, <c>\r\n</c>, or a lone <c>\r</c>, none of which is part of the line. Text is UTF-8;
    /// a byte order mark is skipped, and bytes that are not valid become replacement characters, with a warning that names the first. Files whose names end with
    /// <c>.gz</c> are decompressed, each by one task unless it is blocked; see <see cref="TextFileOptions"/>.
    /// </remarks>
    /// <example><code>var lines = dpark.TextFile("books/*.txt");</code></example>
    public static Rdd<string> TextFile(
        this IRddContext context,
        string path,
        TextFileOptions? options = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) => context.TextFile([path], options, file, line);

    /// <summary>As the one for one path, for several in a row. A file that two paths name is read twice.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static Rdd<string> TextFile(
        this IRddContext context,
        IEnumerable<string> paths,
        TextFileOptions? options = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        var (all, checkedOptions) = CheckInput(paths, options);
        return new StringFileRdd(context, all, checkedOptions, new CallSite(nameof(TextFile), file, line));
    }

    /// <summary>
    /// As <see cref="TextFile(IRddContext, string, TextFileOptions?, string, int)"/>, with lines that are parts of the read buffer instead of strings: several times as fast
    /// where lines are cut into words or fields. <see cref="Utf8Text"/> says how long such a line lives.
    /// </summary>
    /// <remarks>Bytes that are not valid UTF-8 stay as they are, with a warning that names the first.</remarks>
    /// <example><code>var words = dpark.Utf8TextFile("books/*.txt").FlatMap(line => line.SplitWhiteSpace());</code></example>
    public static Rdd<Utf8Text> Utf8TextFile(
        this IRddContext context,
        string path,
        TextFileOptions? options = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0) => context.Utf8TextFile([path], options, file, line);

    /// <summary>As the one for one path, for several in a row. A file that two paths name is read twice.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static Rdd<Utf8Text> Utf8TextFile(
        this IRddContext context,
        IEnumerable<string> paths,
        TextFileOptions? options = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        var (all, checkedOptions) = CheckInput(paths, options);
        return new Utf8FileRdd(context, all, checkedOptions, new CallSite(nameof(Utf8TextFile), file, line));
    }

    /// <summary>The records of binary files whose records all have the same length, as slices of the read buffer. Spark's <c>binaryRecords</c>.</summary>
    /// <param name="path">As for <see cref="TextFile(IRddContext, string, TextFileOptions?, string, int)"/>; nothing is decompressed.</param>
    /// <param name="recordBytes">Bytes of a record; at least 1. The length of each file must be a multiple of it, or the first job fails.</param>
    /// <param name="options">How files are cut into partitions: at the ends of records.</param>
    /// <remarks><see cref="ByteSlice"/> says how long a record lives.</remarks>
    /// <example><code>await dpark.BinaryRecords("in", 100).SortBy(record => record[..10]).SaveAsBinaryFileAsync("sorted");</code></example>
    public static Rdd<ByteSlice> BinaryRecords(
        this IRddContext context,
        string path,
        int recordBytes,
        TextFileOptions? options = null,
        [CallerFilePath] string file = "",
        [CallerLineNumber] int line = 0)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(recordBytes, 1);
        var (all, checkedOptions) = CheckInput([path], options);
        return new RecordFileRdd(context, all, recordBytes, checkedOptions, new CallSite(nameof(BinaryRecords), file, line));
    }

    /// <summary>The elements of several RDDs in a row; nothing is removed.</summary>
    /// <param name="rdds">Of this context. None gives an RDD without partitions.</param>
    /// <exception cref="ArgumentException">One belongs to another context.</exception>
    public static Rdd<T> Union<T>(
        this IRddContext context, IEnumerable<Rdd<T>> rdds, [CallerFilePath] string file = "", [CallerLineNumber] int line = 0)
    {
        ArgumentNullException.ThrowIfNull(rdds);
        var callSite = new CallSite(nameof(Union), file, line);
        Rdd<T>[] parents = [.. rdds];
        if (parents.Any(parent => !ReferenceEquals(parent.Context, context)))
        {
            throw new ArgumentException($"{callSite} puts together RDDs of two contexts. Make all with the same one.", nameof(rdds));
        }

        return new UnionRdd<T>(context, parents, callSite);
    }

    private static (string[] Paths, TextFileOptions Options) CheckInput(IEnumerable<string> paths, TextFileOptions? options)
    {
        ArgumentNullException.ThrowIfNull(paths);
        options ??= new TextFileOptions();
        ArgumentOutOfRangeException.ThrowIfNegative(options.MinPartitions, nameof(options));
        ArgumentOutOfRangeException.ThrowIfLessThan(options.PartitionBytes ?? 1, 1, nameof(options));
        return ([.. paths], options);
    }
}
