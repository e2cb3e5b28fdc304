namespace Dpark.Jobs;

/// <summary>An exception that a task threw and that could not be brought here as an object, as text.</summary>
/// <param name="exceptionType">Full name of its type.</param>
/// <param name="message">Its message.</param>
/// <param name="remoteStackTrace">Its stack trace on the worker; may be empty.</param>
public sealed class RemoteTaskException(string exceptionType, string message, string remoteStackTrace, Exception? innerException = null)
    : Exception($"{exceptionType}: {message}", innerException)
{
    /// <summary>Full name of the type that was thrown.</summary>
    public string ExceptionType { get; } = exceptionType;

    /// <summary>The stack trace on the worker; may be empty.</summary>
    public string RemoteStackTrace { get; } = remoteStackTrace;

    /// <summary>With the stack trace of the worker.</summary>
    public override string ToString() =>
        $"{Message}{Environment.NewLine}{RemoteStackTrace}{(InnerException is null ? "" : $"{Environment.NewLine} ---> {InnerException}")}";
}
