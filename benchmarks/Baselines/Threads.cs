using System.Runtime.ExceptionServices;

namespace Dpark.Baselines;

/// <summary>Runs one action on several threads of its own.</summary>
internal static class Threads
{
    /// <summary>Returns when all have ended. What one of them threw is thrown again.</summary>
    /// <param name="body">Gets the index of the thread, from 0.</param>
    public static void Run(int threadCount, Action<int> body)
    {
        Exception? failure = null;
        var threads = new Thread[threadCount];
        for (var i = 0; i < threadCount; i++)
        {
            var index = i;
            threads[i] = new Thread(() =>
            {
                try
                {
                    body(index);
                }
                catch (Exception exception)
                {
                    Interlocked.CompareExchange(ref failure, exception, null);
                }
            });
            threads[i].Start();
        }

        Array.ForEach(threads, thread => thread.Join());
        if (failure is not null)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }
}
