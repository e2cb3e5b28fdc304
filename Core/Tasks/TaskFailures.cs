using Dpark.Memory;
using Dpark.Shuffle;

namespace Dpark.Tasks;

/// <summary>Turns what an attempt threw into what travels. Never throws, whatever the exception's own members do.</summary>
internal static class TaskFailures
{
    /// <summary>Most exceptions of a chain that travel, the outermost first.</summary>
    public const int MaxChain = 8;

    /// <summary>Most characters of one message or one stack trace.</summary>
    public const int MaxText = 16 << 10;

    private const int MaxEncodedBytes = 64 << 10;

    /// <summary>Made before memory can run short.</summary>
    private static readonly TaskFailure Indescribable = new(
        typeof(Exception).FullName!,
        "The attempt failed, and so did the description of its failure. Look for a lack of memory on the worker.",
        "",
        null,
        null,
        0,
        null,
        null)
    {
        IsMemoryShort = true,
    };

    /// <summary>The first exception of a type in a chain, so that user code may wrap what the engine throws.</summary>
    public static T? Find<T>(Exception exception)
        where T : Exception
    {
        var current = exception;
        for (var depth = 0; current is not null && depth < MaxChain; depth++)
        {
            if (current is T found)
            {
                return found;
            }

            current = current.InnerException;
        }

        return null;
    }

    /// <summary>Describes an exception with its inner ones.</summary>
    /// <param name="encode">Serializes the outermost exception; may return <see langword="null"/> or throw.</param>
    public static TaskFailure Describe(Exception exception, Func<Exception, byte[]?> encode)
    {
        try
        {
            var failure = Describe(exception, depth: 0) with
            {
                Exception = TryEncode(exception, encode),
                IsMemoryShort = Find<OutOfMemoryException>(exception) is not null || Find<MemoryExhaustedException>(exception) is not null,
            };
            return Find<FetchFailedException>(exception) is { } fetch
                ? failure with { Shuffle = fetch.Shuffle, MapIndex = fetch.MapIndex, Worker = fetch.Worker, IsWorkerGone = fetch.IsWorkerGone }
                : failure;
        }
#pragma warning disable CA1031 // Memory may be too short even for this; the attempt must be reported all the same.
        catch (Exception)
#pragma warning restore CA1031
        {
            return Indescribable;
        }
    }

    /// <summary>Describes why an attempt that did not start or did not stop was ended.</summary>
    public static TaskFailure Cancelled(string message) =>
        new(typeof(OperationCanceledException).FullName!, message, "", null, null, 0, null, null);

    private static TaskFailure Describe(Exception exception, int depth) => new(
        exception.GetType().FullName ?? exception.GetType().Name,
        Text(exception, static e => e.Message),
        Text(exception, static e => e.StackTrace),
        depth + 1 < MaxChain && exception.InnerException is { } inner ? Describe(inner, depth + 1) : null,
        Shuffle: null,
        MapIndex: 0,
        Worker: null,
        Exception: null);

    private static string Text(Exception exception, Func<Exception, string?> member)
    {
        string text;
        try
        {
            text = member(exception) ?? "";
        }
#pragma warning disable CA1031 // A user's exception type may override its members and throw there.
        catch (Exception e)
#pragma warning restore CA1031
        {
            text = $"({e.GetType().FullName} was thrown when this text was read)";
        }

        return text.Length <= MaxText ? text : string.Concat(text.AsSpan(0, MaxText), "...");
    }

    private static byte[]? TryEncode(Exception exception, Func<Exception, byte[]?> encode)
    {
        try
        {
            return encode(exception) is { Length: <= MaxEncodedBytes } bytes ? bytes : null;
        }
#pragma warning disable CA1031 // The text travels in any case; the object is a convenience.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }
}
