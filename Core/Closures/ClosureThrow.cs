using System.Diagnostics.CodeAnalysis;

namespace Dpark.Closures;

/// <summary>What a reader of closures says about bytes that no serializer wrote.</summary>
internal static class ClosureThrow
{
    [DoesNotReturn]
    public static void Truncated(int position, long needed, int length) => throw new InvalidDataException(
        $"The closure ends early: {needed} bytes are needed at offset {position} of {length}. It was cut or is not a closure; it must be sent again.");

    [DoesNotReturn]
    public static void Malformed(string what) => throw new InvalidDataException(
        $"The closure is malformed: {what}. It was damaged, or another version of the engine wrote it; driver and workers must run the same version.");

    [DoesNotReturn]
    public static void Malformed(string what, Exception cause) => throw new InvalidDataException(
        $"The closure is malformed: {what}. It was damaged, or another version of the engine or of the framework wrote it.", cause);

    [DoesNotReturn]
    public static void ChangedMeanwhile(Type type) => throw new InvalidOperationException(
        $"A captured {DisplayNames.Of(type)} was changed while it was serialized. Do not change captured objects on another thread while a job starts.");
}
