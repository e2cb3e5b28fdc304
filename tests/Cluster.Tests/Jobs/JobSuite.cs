using Dpark.Rdds;

namespace Dpark.Jobs;

/// <summary>What every engine must do alike: each operator and action against LINQ. Run for each <see cref="JobEngine"/>.</summary>
public abstract partial class JobSuite(JobEngine engine) : IAsyncLifetime
{
    private static readonly int[] Numbers = [.. Enumerable.Range(0, 1000).Select(i => (i * 7919) % 1009)];
    private static readonly (string Key, int Value)[] Pairs = [.. Numbers.Select(n => ($"k{n % 37}", n))];
    private static readonly (string Key, string Value)[] Names = [.. Enumerable.Range(20, 30).Select(n => ($"k{n}", $"name {n}"))];

    /// <summary>Of the running test.</summary>
    protected IRddContext Context { get; private set; } = null!;

    /// <summary>Where it runs.</summary>
    protected JobEngine Engine { get; } = engine;

    public async Task InitializeAsync() => Context = await Engine.NewContextAsync();

    public async Task DisposeAsync()
    {
        if (Context is IAsyncDisposable context)
        {
            await context.DisposeAsync();
        }
    }

    /// <summary>Elements in any order.</summary>
    private static void AssertSame<T>(IEnumerable<T> expected, IEnumerable<T> actual) => Assert.Equal(expected.Order(), actual.Order());
}

public sealed class InlineJobTests(InlineEngine engine) : JobSuite(engine), IClassFixture<InlineEngine>;

public sealed class LocalJobTests(LocalEngine engine) : JobSuite(engine), IClassFixture<LocalEngine>;

public sealed class ClusterJobTests(ClusterEngine engine) : JobSuite(engine), IClassFixture<ClusterEngine>;
