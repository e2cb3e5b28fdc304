using System.Reflection;
using Dpark.Closures.Shapes;
using Dpark.Closures.Surrogates;

namespace Dpark.Closures.Format;

/// <summary>The shapes of one graph that are not kept per type: equal ones are one object. Used by one thread.</summary>
internal sealed class ShapeSet
{
    private readonly Dictionary<(Type, MethodInfo), DelegateShape> _delegates = [];
    private readonly Dictionary<Type, MulticastShape> _multicasts = [];
    private readonly Dictionary<Type, TypeShape> _types = [];
    private readonly Dictionary<TextSurrogate, TextShape> _texts = [];
    private readonly Dictionary<Type, BroadcastShape> _broadcasts = [];
    private readonly Dictionary<ObjectShape, List<(bool[] Mask, ObjectShape Shape)>> _pruned = new(ReferenceEqualityComparer.Instance);

    public DelegateShape Delegate(Type type, MethodInfo method) => GetOrAdd(_delegates, (type, method), static key => new DelegateShape(key.Item1, key.Item2));

    public MulticastShape Multicast(Type type) => GetOrAdd(_multicasts, type, static key => new MulticastShape(key));

    public TypeShape Type(Type named) => GetOrAdd(_types, named, static key => new TypeShape(key));

    public TextShape Text(TextSurrogate surrogate) => GetOrAdd(_texts, surrogate, static key => new TextShape(key));

    public BroadcastShape Broadcast(Type type) => GetOrAdd(_broadcasts, type, static key => new BroadcastShape(key));

    public ObjectShape Pruned(ObjectShape whole, bool[] mask)
    {
        var variants = GetOrAdd(_pruned, whole, static _ => []);
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

    private static TValue GetOrAdd<TKey, TValue>(Dictionary<TKey, TValue> table, TKey key, Func<TKey, TValue> make)
        where TKey : notnull
    {
        if (!table.TryGetValue(key, out var value))
        {
            value = make(key);
            table.Add(key, value);
        }

        return value;
    }
}
