using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Reflection;

namespace Dpark.Closures.Surrogates;

/// <summary>A collection of single elements: comparer, elements in the order to add them.</summary>
internal abstract class SequenceSurrogate<T> : Surrogate
{
    public sealed override int PartCount => 2;

    public sealed override string PartName(int part) => part == 0 ? "Comparer" : "";

    public sealed override object?[] Take(object instance) => [Comparer(instance), Elements(instance)];

    public sealed override void Restore(object instance, object?[] parts) => Restore(instance, parts[0], (T[])parts[1]!);

    protected static IEqualityComparer<T>? Custom(IEqualityComparer<T> comparer) => ReferenceEquals(comparer, EqualityComparer<T>.Default) ? null : comparer;

    protected virtual object? Comparer(object instance) => null;

    protected virtual T[] Elements(object instance) => [.. (IEnumerable<T>)instance];

    protected abstract void Restore(object instance, object? comparer, T[] elements);
}

/// <summary>A list without its spare capacity.</summary>
internal sealed class ListSurrogate<T> : SequenceSurrogate<T>
{
    private readonly ConstructorInfo _constructor = InPlace.Constructor(typeof(List<T>), typeof(int));

    public override Type Level => typeof(List<T>);

    protected override T[] Elements(object instance) => ((List<T>)instance).ToArray();

    protected override void Restore(object instance, object? comparer, T[] elements)
    {
        _constructor.Construct(instance, elements.Length);
        ((List<T>)instance).AddRange(elements);
    }
}

internal sealed class HashSetSurrogate<T> : SequenceSurrogate<T>
{
    private readonly ConstructorInfo _constructor = InPlace.Constructor(typeof(HashSet<T>), typeof(int), typeof(IEqualityComparer<T>));

    public override Type Level => typeof(HashSet<T>);

    protected override object? Comparer(object instance) => Custom(((HashSet<T>)instance).Comparer);

    protected override void Restore(object instance, object? comparer, T[] elements)
    {
        _constructor.Construct(instance, elements.Length, comparer);
        foreach (var element in elements)
        {
            ((HashSet<T>)instance).Add(element);
        }
    }
}

internal sealed class SortedSetSurrogate<T> : SequenceSurrogate<T>
{
    private readonly ConstructorInfo _constructor = InPlace.Constructor(typeof(SortedSet<T>), typeof(IComparer<T>));

    public override Type Level => typeof(SortedSet<T>);

    protected override object? Comparer(object instance) =>
        ((SortedSet<T>)instance).Comparer is var comparer && ReferenceEquals(comparer, Comparer<T>.Default) ? null : comparer;

    protected override void Restore(object instance, object? comparer, T[] elements)
    {
        _constructor.Construct(instance, comparer);
        ((SortedSet<T>)instance).UnionWith(elements);
    }
}

internal sealed class ConcurrentQueueSurrogate<T> : SequenceSurrogate<T>
{
    private readonly ConstructorInfo _constructor = InPlace.Constructor(typeof(ConcurrentQueue<T>), typeof(IEnumerable<T>));

    public override Type Level => typeof(ConcurrentQueue<T>);

    protected override void Restore(object instance, object? comparer, T[] elements) => _constructor.Construct(instance, elements);
}

internal sealed class ConcurrentStackSurrogate<T> : SequenceSurrogate<T>
{
    private readonly ConstructorInfo _constructor = InPlace.Constructor(typeof(ConcurrentStack<T>), typeof(IEnumerable<T>));

    public override Type Level => typeof(ConcurrentStack<T>);

    // A stack enumerates from its top and is filled from its bottom.
    protected override T[] Elements(object instance) => [.. ((ConcurrentStack<T>)instance).Reverse()];

    protected override void Restore(object instance, object? comparer, T[] elements) => _constructor.Construct(instance, elements);
}

internal sealed class ConcurrentBagSurrogate<T> : SequenceSurrogate<T>
{
    private readonly ConstructorInfo _constructor = InPlace.Constructor(typeof(ConcurrentBag<T>), typeof(IEnumerable<T>));

    public override Type Level => typeof(ConcurrentBag<T>);

    protected override void Restore(object instance, object? comparer, T[] elements) => _constructor.Construct(instance, elements);
}

internal sealed class ImmutableHashSetSurrogate<T> : SequenceSurrogate<T>
{
    public override Type Level => typeof(ImmutableHashSet<T>);

    protected override object? Comparer(object instance) => Custom(((ImmutableHashSet<T>)instance).KeyComparer);

    protected override void Restore(object instance, object? comparer, T[] elements) =>
        InPlace.Copy(ImmutableHashSet.Create((IEqualityComparer<T>?)comparer, elements), instance, Level, withSubclasses: false);
}

internal sealed class FrozenSetSurrogate<T> : SequenceSurrogate<T>
{
    public override Type Level => typeof(FrozenSet<T>);

    public override bool CoversSubclasses => true;

    protected override object? Comparer(object instance) => Custom(((FrozenSet<T>)instance).Comparer);

    protected override void Restore(object instance, object? comparer, T[] elements) =>
        InPlace.Copy(elements.ToFrozenSet((IEqualityComparer<T>?)comparer), instance, Level, withSubclasses: true);
}
