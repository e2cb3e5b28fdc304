using System.Diagnostics.CodeAnalysis;

namespace Orleans.Serialization.Buffers;

/// <summary>What a message may ask of its reader, and the errors of those that ask more.</summary>
internal static class SerializerLimits
{
    /// <summary>Objects within objects. Keeps the deepest message within the stack of a pool thread.</summary>
    public const int MaxDepth = 512;

    /// <summary>Types within one type, such as arguments of a generic one.</summary>
    public const int MaxTypeNodes = 64;

    /// <summary>Types that peers may name in the life of a serializer. Each costs memory that is never freed.</summary>
    public const int MaxResolvedTypes = 20_000;

    [DoesNotReturn]
    public static void ThrowTooDeep() =>
        throw new SerializerException($"A value nests more than {MaxDepth} objects. Flatten it, for instance into a list.");

    [DoesNotReturn]
    public static void ThrowEndOfInput(long wanted, long left) =>
        throw new SerializerException($"A message wants {wanted} bytes or elements and has {left} bytes left. It is cut off or damaged.");

    [DoesNotReturn]
    public static void ThrowWireType(WireType actual, Type expected) =>
        throw new SerializerException($"A message has wire type {actual} where a {expected} stands. It is damaged, or the type changed incompatibly.");

    [DoesNotReturn]
    public static void ThrowOutOfRange(Type expected) =>
        throw new SerializerException($"A message has a number that does not fit a {expected}. The writer's type is wider and the value uses it.");

    [DoesNotReturn]
    public static void ThrowDamaged(string what) => throw new SerializerException($"A message has {what}. It is damaged.");
}
