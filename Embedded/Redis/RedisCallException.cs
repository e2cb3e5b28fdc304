namespace Orleans.Runtime.Redis;

/// <summary>A command that Redis did not carry out. The message is the first half of a sentence; who knows what the command was for completes it.</summary>
internal sealed class RedisCallException(string message, Exception innerException) : Exception(message, innerException);
