namespace Orleans.TestingHost;

/// <summary>Bridges the synchronous methods of the official API to the asynchronous ones.</summary>
internal static class Blocking
{
    /// <summary>Runs on the thread pool, so that no scheduler of the caller can be waited for.</summary>
    public static void Run(Func<Task> action) => Task.Run(action).GetAwaiter().GetResult();

    /// <summary>Runs on the thread pool, so that no scheduler of the caller can be waited for.</summary>
    public static T Run<T>(Func<Task<T>> action) => Task.Run(action).GetAwaiter().GetResult();
}
