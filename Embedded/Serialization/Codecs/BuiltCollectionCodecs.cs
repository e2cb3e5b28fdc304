using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Collections.ObjectModel;
using Orleans.Serialization.Buffers;
using Orleans.Serialization.Cloning;

namespace Orleans.Serialization.Codecs;

/// <summary>Collections that are made of their elements and never change, so they cannot be part of a cycle that leads through their elements.</summary>
internal abstract class BuiltCollectionCodec<TCollection, T> : CollectionCodec<TCollection, T>
    where TCollection : class, IEnumerable<T>
{
    public override bool IsShallow => Element.IsShallow;

    protected abstract TCollection Build(T[] items, object? comparer);

    protected override IReadOnlyCollection<T> Elements(TCollection value) => value as IReadOnlyCollection<T> ?? [.. value];

    protected override TCollection ReadNew(ref Reader reader, WireType wire)
    {
        var id = Begin(ref reader, wire);
        var items = new T[reader.ReadCount(reader.ReadTag())];
        var comparer = ReadComparer(ref reader);
        for (var i = 0; i < items.Length; i++)
        {
            items[i] = Element.Read(ref reader, reader.ReadTag())!;
        }

        reader.SkipLevels(reader.ReadTag());
        reader.Leave();
        var value = Build(items, comparer);
        reader.Session.SetReference(id, value);
        return value;
    }

    protected override TCollection CopyNew(TCollection value, CopyContext context)
    {
        var copy = Build([.. Elements(value).Select(item => Element.Copy(item, context)!)], GetComparer(value));
        context.Add(value, copy);
        return copy;
    }
}

internal sealed class ReadOnlyCollectionCodec<T> : BuiltCollectionCodec<ReadOnlyCollection<T>, T>
{
    // The list below may change.
    public override bool IsShallow => false;

    protected override ReadOnlyCollection<T> Build(T[] items, object? comparer) => new(items);
}

internal sealed class ReadOnlyDictionaryCodec<TKey, TValue> : BuiltCollectionCodec<ReadOnlyDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    // The dictionary below may change.
    public override bool IsShallow => false;

    protected override ReadOnlyDictionary<TKey, TValue> Build(KeyValuePair<TKey, TValue>[] items, object? comparer) => new(new Dictionary<TKey, TValue>(items));
}

internal sealed class ImmutableListCodec<T> : BuiltCollectionCodec<ImmutableList<T>, T>
{
    protected override ImmutableList<T> Build(T[] items, object? comparer) => [.. items];
}

internal sealed class ImmutableQueueCodec<T> : BuiltCollectionCodec<ImmutableQueue<T>, T>
{
    protected override ImmutableQueue<T> Build(T[] items, object? comparer) => ImmutableQueue.CreateRange(items);
}

internal sealed class ImmutableStackCodec<T> : BuiltCollectionCodec<ImmutableStack<T>, T>
{
    // A stack shows its top first.
    protected override IReadOnlyCollection<T> Elements(ImmutableStack<T> value) => [.. value.Reverse()];

    protected override ImmutableStack<T> Build(T[] items, object? comparer) => ImmutableStack.CreateRange(items);
}

internal sealed class ImmutableHashSetCodec<T> : BuiltCollectionCodec<ImmutableHashSet<T>, T>
{
    protected override bool HasComparer => true;

    protected override object? GetComparer(ImmutableHashSet<T> value) => Comparers.Known<T>(value.KeyComparer);

    protected override ImmutableHashSet<T> Build(T[] items, object? comparer) => items.ToImmutableHashSet((IEqualityComparer<T>?)comparer);
}

internal sealed class ImmutableSortedSetCodec<T> : BuiltCollectionCodec<ImmutableSortedSet<T>, T>
{
    protected override bool HasComparer => true;

    protected override object? GetComparer(ImmutableSortedSet<T> value) => Comparers.Known<T>(value.KeyComparer);

    protected override ImmutableSortedSet<T> Build(T[] items, object? comparer) => items.ToImmutableSortedSet((IComparer<T>?)comparer);
}

internal sealed class ImmutableDictionaryCodec<TKey, TValue> : BuiltCollectionCodec<ImmutableDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    protected override bool HasComparer => true;

    protected override object? GetComparer(ImmutableDictionary<TKey, TValue> value) => Comparers.Known<TKey>(value.KeyComparer);

    protected override ImmutableDictionary<TKey, TValue> Build(KeyValuePair<TKey, TValue>[] items, object? comparer) =>
        items.ToImmutableDictionary((IEqualityComparer<TKey>?)comparer);
}

internal sealed class ImmutableSortedDictionaryCodec<TKey, TValue> : BuiltCollectionCodec<ImmutableSortedDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    protected override bool HasComparer => true;

    protected override object? GetComparer(ImmutableSortedDictionary<TKey, TValue> value) => Comparers.Known<TKey>(value.KeyComparer);

    protected override ImmutableSortedDictionary<TKey, TValue> Build(KeyValuePair<TKey, TValue>[] items, object? comparer) =>
        items.ToImmutableSortedDictionary((IComparer<TKey>?)comparer);
}

internal sealed class FrozenSetCodec<T> : BuiltCollectionCodec<FrozenSet<T>, T>
{
    protected override bool IsOpen => true;

    protected override bool HasComparer => true;

    protected override object? GetComparer(FrozenSet<T> value) => Comparers.Known<T>(value.Comparer);

    protected override FrozenSet<T> Build(T[] items, object? comparer) => items.ToFrozenSet((IEqualityComparer<T>?)comparer);
}

internal sealed class FrozenDictionaryCodec<TKey, TValue> : BuiltCollectionCodec<FrozenDictionary<TKey, TValue>, KeyValuePair<TKey, TValue>>
    where TKey : notnull
{
    protected override bool IsOpen => true;

    protected override bool HasComparer => true;

    protected override object? GetComparer(FrozenDictionary<TKey, TValue> value) => Comparers.Known<TKey>(value.Comparer);

    protected override FrozenDictionary<TKey, TValue> Build(KeyValuePair<TKey, TValue>[] items, object? comparer) =>
        items.ToFrozenDictionary((IEqualityComparer<TKey>?)comparer);
}
