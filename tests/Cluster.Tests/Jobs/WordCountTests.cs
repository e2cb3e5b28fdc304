using Dpark.Rdds;
using Dpark.Rdds.Sources;
using Dpark.Scheduling;
using Dpark.TestKit;

namespace Dpark.Jobs;

/// <summary>The main job on a cluster, beside an answer that shares no code with the engine.</summary>
public sealed class WordCountTests : IDisposable
{
    private const long TextBytes = 200_000_000;
    private const int MapCount = 24;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("dpark-words-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task WordCount_OneSiloOfThreeKilledHalfWay_IsThatOfAwk()
    {
        var path = Path.Combine(_directory.FullName, "words.txt");
        new ZipfText(seed: 7).WriteFile(path, TextBytes);
        await using var cluster = await JobCluster.StartAsync();
        var maps = new MapWatch(MapCount / 2);
        await using var dpark = cluster.NewContext(options => options.Listeners.Add(maps));

        var counting = dpark.TextFile(path, new TextFileOptions { MinPartitions = MapCount })
            .FlatMap(line => line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries))
            .Map(word => (word, 1L))
            .ReduceByKey((a, b) => a + b)
            .CollectAsMapAsync();
        await maps.AreHalfDone.WaitAsync(Limit);
        await cluster.Cluster.KillSiloAsync(cluster.Cluster.Silos[^1]);
        var counts = await counting.WaitAsync(Limit);

        Assert.Equal(await Awk.CountAsync(path), counts);
        Assert.True(maps.HaveGoneBack, "The killed silo had finished maps, and none of them ran again.");
    }

    /// <summary>Watches the map stage, which is the first one of the job.</summary>
    private sealed class MapWatch(int halfCount) : IJobListener
    {
        private readonly TaskCompletionSource _areHalfDone = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _doneCount;

        public Task AreHalfDone => _areHalfDone.Task;

        /// <summary>Whether outputs that had been there were missing later.</summary>
        public bool HaveGoneBack { get; private set; }

        public void OnStageProgress(StageProgress progress)
        {
            if (progress.Stage.Shuffle is null)
            {
                return;
            }

            HaveGoneBack |= progress.DoneCount < _doneCount || progress.StageAttempt > 0;
            _doneCount = progress.DoneCount;
            if (_doneCount >= halfCount)
            {
                _areHalfDone.TrySetResult();
            }
        }
    }
}
