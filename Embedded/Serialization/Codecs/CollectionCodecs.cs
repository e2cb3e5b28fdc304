using System.Collections.Concurrent;
using System.Collections.ObjectModel;
using System.Runtime.InteropServices;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;

namespace Orleans.Serialization.Codecs;

/// <summary>Collections: the count, the comparer if the type has one, then the elements. Entries of dictionaries are key-value pairs.</summary>
internal abstract class CollectionCodec<TCollection, T> : ObjectCodec<TCollection>
    where TCollection : class, IEnumerable<T>
{
    protected Codec<T> Element { get; } = CodecCache<T>.Codec;

    protected virtual bool HasComparer => false;

    protected virtual object? GetComparer(TCollection value) => null;

    /// <summary>The elements in the order in which they are added again, and their exact number.</summary>
    protected abstract IReadOnlyCollection<T> Elements(TCollection value);

    protected override void WriteNew(ref Writer writer, uint delta, TCollection value)
    {
        var elements = Elements(value);
        writer.Enter(delta, WireType.Object);
        writer.WriteUnsigned(0, (ulong)elements.Count);
        if (HasComparer)
        {
            Comparers.Write(ref writer, GetComparer(value));
        }

        foreach (var item in elements)
        {
            Element.Write(ref writer, 0, item);
        }

        writer.WriteEnd();
    }

    protected object? ReadComparer(ref Reader reader) => HasComparer ? Comparers.Read(ref reader) : null;
}

/// <summary>Collections that are created first and filled then, so they may be part of a cycle.</summary>
internal abstract class MutableCollectionCodec<TCollection, T> : CollectionCodec<TCollection, T>
    where TCollection : class, IReadOnlyCollection<T>
{
    protected abstract TCollection Create(int count, object? comparer);

    protected abstract void Add(TCollection collection, T item);

    protected override IReadOnlyCollection<T> Elements(TCollection value) => value;

    protected override TCollection ReadNew(ref Reader reader, WireType wire)
    {
        var id = Begin(ref reader, wire);
        var count = reader.ReadCount(reader.ReadTag());
        var value = Create(count, ReadComparer(ref reader));
        reader.Session.SetReference(id, value);
        for (var i = 0; i < count; i++)
        {
            Add(value, Element.Read(ref reader, reader.ReadTag())!);
        }

        reader.SkipLevels(reader.ReadTag());
        reader.Leave();
        return value;
    }

    protected override TCollection CopyNew(TCollection value, CopyContext context)
    {
        var elements = Elements(value);
        var copy = Create(elements.Count, GetComparer(value));
        context.Add(value, copy);
        foreach (var item in elements)
        {
            Add(copy, Element.Copy(item, context)!);
        }

        return copy;
    }
}

internal sealed class ListCodec<T> : MutableCollectionCodec<List<T>, T>
{
    protected override List<T> Create(int count, object? comparer) => new(count);

    protected override void Add(List<T> collection, T item) => collection.Add(item);

    protected override void WriteNew(ref Writer writer, uint delta, List<T> value)
    {
        writer.Enter(delta, WireType.Object);
        writer.WriteUnsigned(0, (ulong)value.Count);
        foreach (var item in CollectionsMarshal.AsSpan(value))
        {
            Element.Write(ref writer, 0, item);
        }

        writer.WriteEnd();
    }

    protected override List<T> CopyNew(List<T> value, CopyContext context)
    {
        if (!Element.IsShallow)
        {
            return base.CopyNew(value, context);
        }

        List<T> copy = [.. value];
        context.Add(value, copy);
        return copy;
    }
}

internal sealed class HashSetCodec<T> : MutableCollectionCodec<HashSet<T>, T>
{
    protected override bool HasComparer => true;

    protected override object? GetComparer(HashSet<T> value) => Comparers.Known<T>(value.Comparer);

    protected override HashSet<T> Create(int count, object? comparer) => new(count, (IEqualityComparer<T>?)comparer);

    protected override void Add(HashSet<T> collection, T item) => collection.Add(item);
}

internal sealed class SortedSetCodec<T> : MutableCollectionCodec<SortedSet<T>, T>
{
    protected override bool HasComparer => true;

    protected override object? GetComparer(SortedSet<T> value) => Comparers.Known<T>(value.Comparer);

    protected override SortedSet<T> Create(int count, object? comparer) => new((IComparer<T>?)comparer);

    protected override void Add(SortedSet<T> collection, T item) => collection.Add(item);
}

internal sealed class QueueCodec<T> : MutableCollectionCodec<Queue<T>, T>
{
    protected override Queue<T> Create(int count, object? comparer) => new(count);

    protected override void Add(Queue<T> collection, T item) => collection.Enqueue(item);
}

internal sealed class StackCodec<T> : MutableCollectionCodec<Stack<T>, T>
{
    // A stack shows its top first.
    protected override IReadOnlyCollection<T> Elements(Stack<T> value)
    {
        var items = value.ToArray();
        Array.Reverse(items);
        return items;
    }

    protected override Stack<T> Create(int count, object? comparer) => new(count);

    protected override void Add(Stack<T> collection, T item) => collection.Push(item);
}

internal sealed class ConcurrentQueueCodec<T> : MutableCollectionCodec<ConcurrentQueue<T>, T>
{
    protected override IReadOnlyCollection<T> Elements(ConcurrentQueue<T> value) => value.ToArray();

    protected override ConcurrentQueue<T> Create(int count, object? comparer) => new();

    protected override void Add(ConcurrentQueue<T> collection, T item) => collection.Enqueue(item);
}

internal sealed class CollectionOfCodec<T> : MutableCollectionCodec<Collection<T>, T>
{
    protected override Collection<T> Create(int count, object? comparer) => [];

    protected override void Add(Collection<T> collection, T item) => collection.Add(item);
}

internal sealed class DictionaryCodec<TKey, TValue> : MutableCollectionCodec<Dictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    protected override bool HasComparer => true;

    protected override object? GetComparer(Dictionary<TKey, TValue> value) => Comparers.Known<TKey>(value.Comparer);

    protected override Dictionary<TKey, TValue> Create(int count, object? comparer) => new(count, (IEqualityComparer<TKey>?)comparer);

    protected override void Add(Dictionary<TKey, TValue> collection, KeyValuePair<TKey, TValue> item) => collection.Add(item.Key, item.Value);
}

internal sealed class SortedDictionaryCodec<TKey, TValue> : MutableCollectionCodec<SortedDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    protected override bool HasComparer => true;

    protected override object? GetComparer(SortedDictionary<TKey, TValue> value) => Comparers.Known<TKey>(value.Comparer);

    protected override SortedDictionary<TKey, TValue> Create(int count, object? comparer) => new((IComparer<TKey>?)comparer);

    protected override void Add(SortedDictionary<TKey, TValue> collection, KeyValuePair<TKey, TValue> item) => collection.Add(item.Key, item.Value);
}

internal sealed class SortedListCodec<TKey, TValue> : MutableCollectionCodec<SortedList<TKey, TValue>, KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    protected override bool HasComparer => true;

    protected override object? GetComparer(SortedList<TKey, TValue> value) => Comparers.Known<TKey>(value.Comparer);

    protected override SortedList<TKey, TValue> Create(int count, object? comparer) => new(count, (IComparer<TKey>?)comparer);

    protected override void Add(SortedList<TKey, TValue> collection, KeyValuePair<TKey, TValue> item) => collection.Add(item.Key, item.Value);
}

internal sealed class ConcurrentDictionaryCodec<TKey, TValue> : MutableCollectionCodec<ConcurrentDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    protected override bool HasComparer => true;

    protected override object? GetComparer(ConcurrentDictionary<TKey, TValue> value) => Comparers.Known<TKey>(value.Comparer);

    protected override IReadOnlyCollection<KeyValuePair<TKey, TValue>> Elements(ConcurrentDictionary<TKey, TValue> value) => value.ToArray();

    protected override ConcurrentDictionary<TKey, TValue> Create(int count, object? comparer) => new((IEqualityComparer<TKey>?)comparer);

    protected override void Add(ConcurrentDictionary<TKey, TValue> collection, KeyValuePair<TKey, TValue> item)
    {
        if (!collection.TryAdd(item.Key, item.Value))
        {
            SerializerLimits.ThrowDamaged("a dictionary with a key twice");
        }
    }
}

/// <summary>Comparers of collections: the default one and those of strings by number, others as objects.</summary>
internal static class Comparers
{
    private static readonly StringComparer[] Strings =
        [StringComparer.Ordinal, StringComparer.OrdinalIgnoreCase, StringComparer.InvariantCulture, StringComparer.InvariantCultureIgnoreCase];

    /// <summary>The comparer, or null for the default one.</summary>
    public static object? Known<T>(object comparer) => ReferenceEquals(comparer, EqualityComparer<T>.Default) || ReferenceEquals(comparer, Comparer<T>.Default) ? null : comparer;

    public static void Write(ref Writer writer, object? comparer)
    {
        var index = comparer is null ? 0 : Array.IndexOf(Strings, comparer) + 1;
        if (comparer is not null && index == 0)
        {
            writer.WriteTyped(1, comparer);
        }
        else
        {
            writer.WriteUnsigned(1, (ulong)index);
        }
    }

    public static object? Read(ref Reader reader)
    {
        var wire = reader.ReadTag();
        if (wire != WireType.VarInt)
        {
            return reader.ReadTyped<object>(wire);
        }

        var index = reader.ReadUnsigned(wire, (ulong)Strings.Length, typeof(StringComparer));
        return index == 0 ? null : Strings[index - 1];
    }
}
