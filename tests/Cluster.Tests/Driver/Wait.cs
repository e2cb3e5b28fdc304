using System.Threading.Channels;

namespace Dpark.Driver;

/// <summary>Waits of tests: each has a limit, and says what did not come.</summary>
internal static class Wait
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    public static async ValueTask<T> For<T>(ChannelReader<T> reader, string what)
    {
        using var limit = new CancellationTokenSource(Limit);
        try
        {
            return await reader.ReadAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"There was no {what} within {Limit}.");
        }
    }

    public static async Task<T> For<T>(Task<T> task, string what)
    {
        try
        {
            return await task.WaitAsync(Limit);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"{what} did not end within {Limit}.");
        }
    }

    public static async Task For(Task task, string what)
    {
        try
        {
            await task.WaitAsync(Limit);
        }
        catch (TimeoutException) when (!task.IsCompleted)
        {
            throw new TimeoutException($"{what} did not end within {Limit}.");
        }
    }
}
