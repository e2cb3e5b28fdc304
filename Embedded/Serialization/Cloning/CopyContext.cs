using System.Diagnostics.CodeAnalysis;
using Orleans.Serialization.Buffers;

namespace Orleans.Serialization.Cloning;

/// <summary>What one deep copy remembers: the copies of the objects that it met. Used by one thread at a time.</summary>
internal sealed class CopyContext
{
    private const int LinearCount = 12;
    private const int KeptCapacity = 1024;

    [ThreadStatic]
    private static CopyContext? t_free;

    private readonly (object Original, object Copy)[] _first = new (object, object)[LinearCount];
    private Dictionary<object, object>? _rest;
    private int _count;
    private int _depth;

    public IServiceProvider? Services { get; private set; }

    public static CopyContext Rent(IServiceProvider? services)
    {
        var context = t_free ?? new CopyContext();
        t_free = null;
        context.Services = services;
        return context;
    }

    public void Return()
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

        _count = _depth = 0;
        Services = null;
        t_free = this;
    }

    public void Enter()
    {
        if (++_depth > SerializerLimits.MaxDepth)
        {
            SerializerLimits.ThrowTooDeep();
        }
    }

    public void Leave() => _depth--;

    public bool TryGetCopy(object original, [NotNullWhen(true)] out object? copy)
    {
        var linear = Math.Min(_count, LinearCount);
        for (var i = 0; i < linear; i++)
        {
            if (ReferenceEquals(_first[i].Original, original))
            {
                copy = _first[i].Copy;
                return true;
            }
        }

        copy = null;
        return _count > LinearCount && _rest!.TryGetValue(original, out copy);
    }

    public void Add(object original, object copy)
    {
        if (_count < LinearCount)
        {
            _first[_count++] = (original, copy);
            return;
        }

        _rest ??= new Dictionary<object, object>(ReferenceEqualityComparer.Instance);
        _rest[original] = copy;
        _count++;
    }
}
