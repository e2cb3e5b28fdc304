using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using Dpark.Closures.Shapes;

namespace Dpark.Closures.Format;

/// <summary>Headers that were written before: the stages of a loop have the same ones, round after round. One per <see cref="CodeCatalog"/>. Thread-safe.</summary>
/// <remarks>Only of shapes whose code stays loaded anyway: a header that is kept here keeps the types of its shapes loaded.</remarks>
internal sealed class WrittenHeaders(CodeCatalog catalog)
{
    /// <summary>Most headers that are kept. An application has a few per stage; what is over is simply written again.</summary>
    private const int Capacity = 256;

    private readonly ConcurrentDictionary<Key, WrittenHeader> _headers = [];

    /// <summary>Headers that are kept.</summary>
    public int Count => _headers.Count;

    /// <summary>The header of a graph.</summary>
    /// <param name="shapes">The distinct shapes of its objects, in order of use. Not kept.</param>
    public WrittenHeader Of(List<Shape> shapes)
    {
        var key = new Key([.. shapes]);
        if (_headers.TryGetValue(key, out var known))
        {
            return known;
        }

        var writer = new HeaderWriter(catalog);
        var numbers = new int[shapes.Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = writer.ShapeIndex(shapes[i]);
        }

        var tables = new ClosureOutput();
        writer.WriteTo(tables);
        var header = new WrittenHeader(tables.Written.ToArray(), numbers, writer.Modules);
        if (shapes.TrueForAll(static shape => !shape.IsCollectible))
        {
            if (_headers.Count >= Capacity)
            {
                _headers.Clear();
            }

            _headers.TryAdd(key, header);
        }

        return header;
    }

    private readonly struct Key(Shape[] shapes) : IEquatable<Key>
    {
        private readonly Shape[] _shapes = shapes;

        public bool Equals(Key other)
        {
            if (_shapes.Length != other._shapes.Length)
            {
                return false;
            }

            for (var i = 0; i < _shapes.Length; i++)
            {
                if (_shapes[i] != other._shapes[i])
                {
                    return false;
                }
            }

            return true;
        }

        public override bool Equals(object? obj) => obj is Key other && Equals(other);

        public override int GetHashCode()
        {
            var hash = default(HashCode);
            foreach (var shape in _shapes)
            {
                hash.Add(RuntimeHelpers.GetHashCode(shape));
            }

            return hash.ToHashCode();
        }
    }
}

/// <summary>The tables of a closure as bytes. Immutable.</summary>
/// <param name="Numbers">Under which number each of the graph's shapes is in its table.</param>
/// <param name="Modules">The application's own modules that the tables name.</param>
internal sealed record WrittenHeader(byte[] Bytes, int[] Numbers, ImmutableArray<CodeModule> Modules);
