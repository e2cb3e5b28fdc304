namespace Dpark.Storage;

/// <summary>A block server could not be reached, or was silent, as often as is tried: its worker has stopped, hangs, or cannot be reached from here.</summary>
/// <param name="message">Who was asked, how often, and what came of it.</param>
/// <param name="inner">The last failure.</param>
public sealed class NoAnswerException(string message, Exception inner) : IOException(message, inner);
