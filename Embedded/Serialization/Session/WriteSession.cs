using System.Runtime.InteropServices;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Serialization.Session;

/// <summary>What a writer remembers of one message: the objects and types that it wrote. Used by one thread at a time.</summary>
internal sealed class WriteSession
{
    [ThreadStatic]
    private static WriteSession? t_free;

    public SerializerSessionPool Pool { get; private set; } = null!;

    public ObjectIds References { get; } = new();

    public SpecIds Types { get; } = new();

    public static WriteSession Rent(SerializerSessionPool pool)
    {
        var session = t_free ?? new WriteSession();
        t_free = null;
        session.Pool = pool;
        return session;
    }

    public void Return()
    {
        References.Clear();
        Types.Clear();
        Pool = null!;
        t_free = this;
    }

    /// <summary>Numbers types from 1.</summary>
    internal sealed class SpecIds
    {
        private readonly List<TypeSpec> _specs = [];

        /// <summary>Whether the type is new; else <paramref name="id"/> is its number.</summary>
        public bool TryAdd(TypeSpec spec, out int id)
        {
            id = _specs.IndexOf(spec) + 1;
            if (id != 0)
            {
                return false;
            }

            _specs.Add(spec);
            return true;
        }

        public void Clear() => _specs.Clear();
    }
}

/// <summary>Numbers objects from 1, by identity. A linear search does for small messages; larger ones get a hash table.</summary>
internal sealed class ObjectIds
{
    private const int LinearCount = 12;
    private const int KeptCapacity = 1024;

    private readonly object?[] _first = new object?[LinearCount];
    private Dictionary<object, int>? _rest;
    private int _count;

    /// <summary>Whether the object is new; else <paramref name="id"/> is its number.</summary>
    public bool TryAdd(object value, out int id)
    {
        var linear = Math.Min(_count, LinearCount);
        for (var i = 0; i < linear; i++)
        {
            if (ReferenceEquals(_first[i], value))
            {
                id = i + 1;
                return false;
            }
        }

        if (_count < LinearCount)
        {
            _first[_count] = value;
            id = ++_count;
            return true;
        }

        _rest ??= new Dictionary<object, int>(ReferenceEqualityComparer.Instance);
        ref var slot = ref CollectionsMarshal.GetValueRefOrAddDefault(_rest, value, out var exists);
        if (!exists)
        {
            slot = ++_count;
        }

        id = slot;
        return !exists;
    }

    public void Clear()
    {
        Array.Clear(_first, 0, Math.Min(_count, LinearCount));
        if (_count > KeptCapacity)
        {
            _rest = null;
        }
        else
        {
            _rest?.Clear();
        }

        _count = 0;
    }
}
