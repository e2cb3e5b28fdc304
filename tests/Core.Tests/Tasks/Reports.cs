using Dpark.Applications;

namespace Dpark.Tasks;

/// <summary>Reports for tests.</summary>
internal static class Reports
{
    public static readonly AppId Application = new("app-1");

    public static TaskAttemptId Attempt(int partition, int attempt = 0, string application = "app-1") => new(new(application), 0, 0, partition, attempt);

    public static TaskReport Succeeded(int partition, int resultBytes = 0, string application = "app-1") =>
        new(Attempt(partition, application: application), TaskOutcome.Succeeded, new byte[resultBytes], null, 0, null, null, new(), []);
}
