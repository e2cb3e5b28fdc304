using Dpark.Configuration;
using Dpark.TestKit;

namespace Dpark.Environments;

/// <summary>Work directories below roots in a temporary directory.</summary>
public abstract class WorkDirectoryTest : IDisposable
{
    private protected TemporaryDirectory Temporary { get; } = new();

    private protected RecordingLogger<WorkDirectory> Logger { get; } = new();

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        Temporary.Dispose();
    }

    /// <summary>What a process left under the root named <c>root</c>.</summary>
    private protected string LeaveDirectory(string name, ProcessIdentity owner)
    {
        var path = Directory.CreateDirectory(Temporary["root", name]).FullName;
        File.WriteAllText(Path.Combine(path, "data"), "x");
        OwnerFile.Create(path, owner).Dispose();
        return path;
    }

    private protected WorkDirectoryOptions Options(string[] roots)
    {
        var options = new WorkDirectoryOptions();
        foreach (var root in roots)
        {
            options.Roots.Add(Temporary[root]);
        }

        return options;
    }
}
