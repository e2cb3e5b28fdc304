namespace Dpark.Storage.Transfer;

/// <summary>Results of methods that were told to block, and so have completed when they return.</summary>
internal static class Completed
{
    public static void Get(ValueTask task)
    {
        if (task.IsCompletedSuccessfully)
        {
            return;
        }

        task.AsTask().GetAwaiter().GetResult();
    }

    public static T Get<T>(ValueTask<T> task) => task.IsCompletedSuccessfully ? task.GetAwaiter().GetResult() : task.AsTask().GetAwaiter().GetResult();
}
