using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;

namespace Dpark.Closures.Format;

/// <summary>Headers by their bytes, so that a type is looked up once per application and not once per task. Thread-safe.</summary>
internal sealed class HeaderCache
{
    /// <summary>Most headers that are kept. An application has a few per stage; what is over is simply read again.</summary>
    private const int Capacity = 512;

    private readonly ConcurrentDictionary<Key, ClosureHeader> _headers = [];
    private volatile bool _isClosed;

    public bool TryGet(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out ClosureHeader? header) => _headers.TryGetValue(new Key(bytes), out header);

    public void Add(ReadOnlySpan<byte> bytes, ClosureHeader header)
    {
        if (_headers.Count >= Capacity)
        {
            _headers.Clear();
        }

        _headers.TryAdd(new Key(bytes.ToArray()), header);
        if (_isClosed)
        {
            _headers.Clear();
        }
    }

    /// <summary>Forgets all headers and takes no more.</summary>
    public void Close()
    {
        _isClosed = true;
        _headers.Clear();
    }

    private readonly struct Key(ReadOnlyMemory<byte> bytes) : IEquatable<Key>
    {
        private readonly ReadOnlyMemory<byte> _bytes = bytes;

        public bool Equals(Key other) => _bytes.Span.SequenceEqual(other._bytes.Span);

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            hash.AddBytes(_bytes.Span);
            return hash.ToHashCode();
        }
    }
}
