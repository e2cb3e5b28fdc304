using System.Collections.Concurrent;
using System.Reflection;
using Dpark.Closures.Shapes;
using Dpark.Closures.Surrogates;

namespace Dpark.Closures.Format;

/// <summary>
/// The shapes of one graph that a <see cref="TypeLayout"/> does not have: equal ones are one object. Those of code that stays loaded are the same in all graphs, so that headers can be
/// recognised by them. Used by one thread.
/// </summary>
internal sealed class ShapeSet
{
    // By what they are made of, which cannot be unloaded. There are as many as functions and types in the program.
    private static readonly ConcurrentDictionary<(Type, MethodInfo), Shape> SharedDelegates = [];
    private static readonly ConcurrentDictionary<Type, Shape> SharedMulticasts = [];
    private static readonly ConcurrentDictionary<Type, Shape> SharedTypes = [];
    private static readonly ConcurrentDictionary<TextSurrogate, Shape> SharedTexts = [];
    private static readonly ConcurrentDictionary<Type, Shape> SharedBroadcasts = [];

    private readonly Dictionary<(Type, MethodInfo), Shape> _delegates = [];
    private readonly Dictionary<Type, Shape> _multicasts = [];
    private readonly Dictionary<Type, Shape> _types = [];
    private readonly Dictionary<TextSurrogate, Shape> _texts = [];
    private readonly Dictionary<Type, Shape> _broadcasts = [];
    private readonly Dictionary<ObjectShape, List<(bool[] Mask, ObjectShape Shape)>> _pruned = new(ReferenceEqualityComparer.Instance);

    public Shape Delegate(Type type, MethodInfo method) => GetOrAdd(SharedDelegates, _delegates, (type, method), static key => new DelegateShape(key.Item1, key.Item2));

    public Shape Multicast(Type type) => GetOrAdd(SharedMulticasts, _multicasts, type, static key => new MulticastShape(key));

    public Shape Type(Type named) => GetOrAdd(SharedTypes, _types, named, static key => new TypeShape(key));

    public Shape Text(TextSurrogate surrogate) => GetOrAdd(SharedTexts, _texts, surrogate, static key => new TextShape(key));

    public Shape Broadcast(Type type) => GetOrAdd(SharedBroadcasts, _broadcasts, type, static key => new BroadcastShape(key));

    public ObjectShape Pruned(ObjectShape whole, bool[] mask)
    {
        if (!_pruned.TryGetValue(whole, out var variants))
        {
            _pruned.Add(whole, variants = []);
        }

        foreach (var (known, shape) in variants)
        {
            if (known.AsSpan().SequenceEqual(mask))
            {
                return shape;
            }
        }

        var pruned = whole.Prune(mask);
        variants.Add((mask, pruned));
        return pruned;
    }

    private static Shape GetOrAdd<TKey>(ConcurrentDictionary<TKey, Shape> shared, Dictionary<TKey, Shape> own, TKey key, Func<TKey, Shape> make)
        where TKey : notnull
    {
        if (shared.TryGetValue(key, out var value) || own.TryGetValue(key, out value))
        {
            return value;
        }

        value = make(key);
        if (!value.IsCollectible)
        {
            return shared.GetOrAdd(key, value);
        }

        own.Add(key, value);
        return value;
    }
}
