using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Dpark.Codecs;

namespace Dpark.Text;

/// <summary>
/// Copies the bytes that values borrow from a reader's buffer. Whatever in the engine keeps elements until after it pulled the next batch calls this first; for
/// a type that holds no texts and no slices it does nothing.
/// </summary>
internal static class BorrowedBytes<T>
{
    /// <summary>Whether values of the type may borrow bytes. Without a codec they are not followed: what they borrow then fails when it is used too late.</summary>
    public static readonly bool ArePossible = BorrowedBytesTypes.Hold(typeof(T)) && IsCoded();

    /// <summary>Replaces what is borrowed by copies, which share one array.</summary>
    public static void KeepAll(Span<T> values)
    {
        if (!ArePossible || values.IsEmpty)
        {
            return;
        }

        if (typeof(T) == typeof(ByteSlice) || typeof(T) == typeof(Utf8Text))
        {
            BorrowedBytesTypes.Keep(MemoryMarshal.CreateSpan(ref Unsafe.As<T, ByteSlice>(ref MemoryMarshal.GetReference(values)), values.Length));
            return;
        }

        // The codec knows where in a record they are.
        using var output = new RecordBuffer();
        RecordCodec<T>.Default.Encode(values, output);
        var input = new RecordInput(output.WrittenSpan);
        RecordCodec<T>.Default.Decode(ref input, values);
    }

    /// <summary>One value, with copies of what it borrows.</summary>
    public static T Keep(T value)
    {
        if (ArePossible)
        {
            KeepAll(new Span<T>(ref value));
        }

        return value;
    }

    /// <summary>A batch that lives as long as it is referred to: the batch itself if it borrows nothing.</summary>
    public static ReadOnlySpan<T> KeepBatch(ReadOnlySpan<T> batch)
    {
        if (!ArePossible)
        {
            return batch;
        }

        var copy = batch.ToArray();
        KeepAll(copy);
        return copy;
    }

    private static bool IsCoded()
    {
        try
        {
            RecordCodec.EnsureSupported<T>();
            return true;
        }
        catch (UnsupportedRecordTypeException)
        {
            return false;
        }
    }
}

/// <summary>Which types hold texts or slices of bytes.</summary>
internal static class BorrowedBytesTypes
{
    private const BindingFlags DeclaredFields = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    /// <summary>Whether values of the type can refer to a text or a slice, as far as declared types tell.</summary>
    public static bool Hold(Type type) => !type.IsPrimitive && type != typeof(string) && Hold(type, []);

    /// <summary>Copies all slices into one array.</summary>
    public static void Keep(Span<ByteSlice> slices)
    {
        var total = 0L;
        foreach (var slice in slices)
        {
            total += slice.Length;
        }

        var block = new ByteBlock(GC.AllocateUninitializedArray<byte>(checked((int)total)));
        var used = 0;
        foreach (ref var slice in slices)
        {
            slice.Span.CopyTo(block.Bytes.AsSpan(used));
            slice = new ByteSlice(block, used, slice.Length);
            used += slice.Length;
        }
    }

    private static bool Hold(Type type, HashSet<Type> seen)
    {
        if (type == typeof(Utf8Text) || type == typeof(ByteSlice))
        {
            return true;
        }

        if (type.IsPrimitive || type.IsEnum || type.IsPointer || type == typeof(string) || !seen.Add(type))
        {
            return false;
        }

        if (type.HasElementType)
        {
            return Hold(type.GetElementType()!, seen);
        }

        if (type.IsGenericType && Array.Exists(type.GetGenericArguments(), argument => Hold(argument, seen)))
        {
            return true;
        }

        return type.Assembly != typeof(object).Assembly && !type.IsInterface && HoldInFields(type, seen);
    }

    private static bool HoldInFields(Type type, HashSet<Type> seen)
    {
        for (var level = type; level is not null && level.Assembly != typeof(object).Assembly; level = level.BaseType)
        {
            if (Array.Exists(level.GetFields(DeclaredFields), field => Hold(field.FieldType, seen)))
            {
                return true;
            }
        }

        return false;
    }
}
