using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Reflection;

namespace Dpark.Closures.Surrogates;

/// <summary>A table of keys and values: comparer, keys, values. A comparer that is the default one is left out.</summary>
internal abstract class TableSurrogate<TKey, TValue> : Surrogate
    where TKey : notnull
{
    public sealed override int PartCount => 3;

    public sealed override string PartName(int part) => part switch { 0 => "Comparer", 1 => "Keys", _ => "Values" };

    public sealed override object?[] Take(object instance)
    {
        var pairs = Pairs(instance);
        var keys = new TKey[pairs.Count];
        var values = new TValue[pairs.Count];
        var i = 0;
        foreach (var (key, value) in pairs)
        {
            if (i == keys.Length)
            {
                ClosureThrow.ChangedMeanwhile(instance.GetType());
            }

            keys[i] = key;
            values[i++] = value;
        }

        return [Comparer(instance), keys, values];
    }

    public sealed override void Restore(object instance, object?[] parts)
    {
        var keys = (TKey[])parts[1]!;
        var values = (TValue[])parts[2]!;
        if (keys.Length != values.Length)
        {
            ClosureThrow.Malformed($"a table has {keys.Length} keys and {values.Length} values");
        }

        Restore(instance, parts[0], keys, values);
    }

    protected static IEqualityComparer<TKey>? Custom(IEqualityComparer<TKey> comparer) =>
        ReferenceEquals(comparer, EqualityComparer<TKey>.Default) ? null : comparer;

    protected static IEnumerable<KeyValuePair<TKey, TValue>> Zip(TKey[] keys, TValue[] values) =>
        keys.Zip(values, static (key, value) => new KeyValuePair<TKey, TValue>(key, value));

    protected abstract object? Comparer(object instance);

    protected abstract IReadOnlyCollection<KeyValuePair<TKey, TValue>> Pairs(object instance);

    protected abstract void Restore(object instance, object? comparer, TKey[] keys, TValue[] values);
}

internal sealed class DictionarySurrogate<TKey, TValue> : TableSurrogate<TKey, TValue>
    where TKey : notnull
{
    private readonly ConstructorInfo _constructor = InPlace.Constructor(typeof(Dictionary<TKey, TValue>), typeof(int), typeof(IEqualityComparer<TKey>));

    public override Type Level => typeof(Dictionary<TKey, TValue>);

    protected override object? Comparer(object instance) => Custom(((Dictionary<TKey, TValue>)instance).Comparer);

    protected override IReadOnlyCollection<KeyValuePair<TKey, TValue>> Pairs(object instance) => (Dictionary<TKey, TValue>)instance;

    protected override void Restore(object instance, object? comparer, TKey[] keys, TValue[] values)
    {
        _constructor.Construct(instance, keys.Length, comparer);
        var dictionary = (Dictionary<TKey, TValue>)instance;
        for (var i = 0; i < keys.Length; i++)
        {
            dictionary[keys[i]] = values[i];
        }
    }
}

internal sealed class OrderedDictionarySurrogate<TKey, TValue> : TableSurrogate<TKey, TValue>
    where TKey : notnull
{
    private readonly ConstructorInfo _constructor = InPlace.Constructor(typeof(OrderedDictionary<TKey, TValue>), typeof(int), typeof(IEqualityComparer<TKey>));

    public override Type Level => typeof(OrderedDictionary<TKey, TValue>);

    protected override object? Comparer(object instance) => Custom(((OrderedDictionary<TKey, TValue>)instance).Comparer);

    protected override IReadOnlyCollection<KeyValuePair<TKey, TValue>> Pairs(object instance) => (OrderedDictionary<TKey, TValue>)instance;

    protected override void Restore(object instance, object? comparer, TKey[] keys, TValue[] values)
    {
        _constructor.Construct(instance, keys.Length, comparer);
        var dictionary = (OrderedDictionary<TKey, TValue>)instance;
        for (var i = 0; i < keys.Length; i++)
        {
            dictionary[keys[i]] = values[i];
        }
    }
}

internal sealed class SortedDictionarySurrogate<TKey, TValue> : TableSurrogate<TKey, TValue>
    where TKey : notnull
{
    private readonly ConstructorInfo _constructor = InPlace.Constructor(typeof(SortedDictionary<TKey, TValue>), typeof(IComparer<TKey>));

    public override Type Level => typeof(SortedDictionary<TKey, TValue>);

    protected override object? Comparer(object instance) =>
        ((SortedDictionary<TKey, TValue>)instance).Comparer is var comparer && ReferenceEquals(comparer, Comparer<TKey>.Default) ? null : comparer;

    protected override IReadOnlyCollection<KeyValuePair<TKey, TValue>> Pairs(object instance) => (SortedDictionary<TKey, TValue>)instance;

    protected override void Restore(object instance, object? comparer, TKey[] keys, TValue[] values)
    {
        _constructor.Construct(instance, comparer);
        var dictionary = (SortedDictionary<TKey, TValue>)instance;
        for (var i = 0; i < keys.Length; i++)
        {
            dictionary[keys[i]] = values[i];
        }
    }
}

internal sealed class ConcurrentDictionarySurrogate<TKey, TValue> : TableSurrogate<TKey, TValue>
    where TKey : notnull
{
    private readonly ConstructorInfo _constructor = InPlace.Constructor(
        typeof(ConcurrentDictionary<TKey, TValue>), typeof(IEnumerable<KeyValuePair<TKey, TValue>>), typeof(IEqualityComparer<TKey>));

    public override Type Level => typeof(ConcurrentDictionary<TKey, TValue>);

    protected override object? Comparer(object instance) => Custom(((ConcurrentDictionary<TKey, TValue>)instance).Comparer);

    protected override IReadOnlyCollection<KeyValuePair<TKey, TValue>> Pairs(object instance) => ((ConcurrentDictionary<TKey, TValue>)instance).ToArray();

    protected override void Restore(object instance, object? comparer, TKey[] keys, TValue[] values) =>
        _constructor.Construct(instance, Zip(keys, values), comparer);
}

internal sealed class ImmutableDictionarySurrogate<TKey, TValue> : TableSurrogate<TKey, TValue>
    where TKey : notnull
{
    public override Type Level => typeof(ImmutableDictionary<TKey, TValue>);

    protected override object? Comparer(object instance) => Custom(((ImmutableDictionary<TKey, TValue>)instance).KeyComparer);

    protected override IReadOnlyCollection<KeyValuePair<TKey, TValue>> Pairs(object instance) => (ImmutableDictionary<TKey, TValue>)instance;

    protected override void Restore(object instance, object? comparer, TKey[] keys, TValue[] values) =>
        InPlace.Copy(ImmutableDictionary.CreateRange((IEqualityComparer<TKey>?)comparer, Zip(keys, values)), instance, Level, withSubclasses: false);
}

internal sealed class FrozenDictionarySurrogate<TKey, TValue> : TableSurrogate<TKey, TValue>
    where TKey : notnull
{
    public override Type Level => typeof(FrozenDictionary<TKey, TValue>);

    public override bool CoversSubclasses => true;

    protected override object? Comparer(object instance) => Custom(((FrozenDictionary<TKey, TValue>)instance).Comparer);

    protected override IReadOnlyCollection<KeyValuePair<TKey, TValue>> Pairs(object instance) => (FrozenDictionary<TKey, TValue>)instance;

    protected override void Restore(object instance, object? comparer, TKey[] keys, TValue[] values) =>
        InPlace.Copy(Zip(keys, values).ToFrozenDictionary((IEqualityComparer<TKey>?)comparer), instance, Level, withSubclasses: true);
}

/// <summary>A lookup, one pair per element.</summary>
internal sealed class LookupSurrogate<TKey, TElement> : Surrogate
{
    private static readonly FieldInfo? ComparerField = typeof(Lookup<TKey, TElement>).GetField("_comparer", BindingFlags.Instance | BindingFlags.NonPublic);

    public override Type Level => typeof(Lookup<TKey, TElement>);

    public override int PartCount => 3;

    public override string PartName(int part) => part switch { 0 => "Comparer", 1 => "Keys", _ => "Values" };

    public override object?[] Take(object instance)
    {
        var pairs = ((Lookup<TKey, TElement>)instance).SelectMany(group => group.Select(element => (group.Key, element))).ToArray();
        var comparer = ComparerField?.GetValue(instance);
        return
        [
            ReferenceEquals(comparer, EqualityComparer<TKey>.Default) ? null : comparer,
            Array.ConvertAll(pairs, pair => pair.Key),
            Array.ConvertAll(pairs, pair => pair.element),
        ];
    }

    public override void Restore(object instance, object?[] parts)
    {
        var pairs = ((TKey[])parts[1]!).Zip((TElement[])parts[2]!);
        var lookup = pairs.ToLookup(pair => pair.First, pair => pair.Second, (IEqualityComparer<TKey>?)parts[0]);
        InPlace.Copy(lookup, instance, Level, withSubclasses: false);
    }
}

internal sealed class HashtableSurrogate : Surrogate
{
    private static readonly ConstructorInfo Constructor = InPlace.Constructor(typeof(Hashtable), typeof(int), typeof(IEqualityComparer));

    private static readonly PropertyInfo ComparerProperty =
        typeof(Hashtable).GetProperty("EqualityComparer", BindingFlags.Instance | BindingFlags.NonPublic) ?? throw new MissingMemberException("Hashtable", "EqualityComparer");

    public override Type Level => typeof(Hashtable);

    public override int PartCount => 3;

    public override string PartName(int part) => part switch { 0 => "Comparer", 1 => "Keys", _ => "Values" };

    public override object?[] Take(object instance)
    {
        var table = (Hashtable)instance;
        var keys = new object?[table.Count];
        var values = new object?[keys.Length];
        table.Keys.CopyTo(keys, 0);
        table.Values.CopyTo(values, 0);
        return [ComparerProperty.GetValue(table), keys, values];
    }

    public override void Restore(object instance, object?[] parts)
    {
        var keys = (object[])parts[1]!;
        var values = (object?[])parts[2]!;
        Constructor.Construct(instance, keys.Length, parts[0]);
        for (var i = 0; i < keys.Length; i++)
        {
            ((Hashtable)instance)[keys[i]] = values[i];
        }
    }
}
