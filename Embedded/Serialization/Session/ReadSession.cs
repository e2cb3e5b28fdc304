using Orleans.Serialization.Buffers;
using Orleans.Serialization.Codecs;
using Orleans.Serialization.TypeSystem;

namespace Orleans.Serialization.Session;

/// <summary>A tracked content in a member that the reader lacks: where it is, should a later field refer to it.</summary>
internal sealed record SkippedObject(long Offset, WireType Wire);

/// <summary>What a reader remembers of one message: the objects and types that it met. Used by one thread at a time.</summary>
internal sealed class ReadSession
{
    private const int KeptCapacity = 1024;

    [ThreadStatic]
    private static ReadSession? t_free;

    private readonly List<(long Offset, int Length, Codec? Codec)> _types = [];
    private object?[] _references = new object?[16];
    private int _highestReference;

    public SerializerSessionPool Pool { get; private set; } = null!;

    public TypeManifest Manifest => Pool.Manifest;

    /// <summary>The number of the last tracked content that was met.</summary>
    public int ReferenceCount { get; set; }

    public int TypeCount => _types.Count;

    public static ReadSession Rent(SerializerSessionPool pool)
    {
        var session = t_free ?? new ReadSession();
        t_free = null;
        session.Pool = pool;
        return session;
    }

    public void Return()
    {
        if (_references.Length > KeptCapacity)
        {
            _references = new object?[16];
        }
        else
        {
            Array.Clear(_references, 0, Math.Min(_highestReference + 1, _references.Length));
        }

        _types.Clear();
        ReferenceCount = _highestReference = 0;
        Pool = null!;
        t_free = this;
    }

    /// <summary>Numbers a tracked content whose tag was just read.</summary>
    public int NextReference()
    {
        var id = ++ReferenceCount;
        _highestReference = Math.Max(_highestReference, id);
        return id;
    }

    /// <summary>Says which object has the number. Objects that can be filled later say it before their members are read, for the sake of cycles.</summary>
    public void SetReference(int id, object value)
    {
        // Untracked contents have no number; slot 0 is null.
        if (id == 0)
        {
            return;
        }

        if (id >= _references.Length)
        {
            Array.Resize(ref _references, Math.Max(id + 1, _references.Length * 2));
        }

        _references[id] = value;
    }

    public object? GetReference(ulong id) => id < (ulong)_references.Length ? _references[id] : null;

    /// <summary>Numbers a type that stands at an offset; the same one if it is read a second time.</summary>
    public int NoteType(long offset, int length)
    {
        for (var i = _types.Count - 1; i >= 0 && _types[i].Offset >= offset; i--)
        {
            if (_types[i].Offset == offset)
            {
                return i;
            }
        }

        _types.Add((offset, length, null));
        return _types.Count - 1;
    }

    public (long Offset, int Length, Codec? Codec) TypeAt(int index) => _types[index];

    public void SetType(int index, Codec codec) => _types[index] = (_types[index].Offset, _types[index].Length, codec);
}
