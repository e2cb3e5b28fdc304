using Dpark.Broadcasting;
using Dpark.Closures.Format;
using Dpark.Closures.Shapes;
using Dpark.Closures.Surrogates;

namespace Dpark.Closures;

/// <summary>
/// A closure whose types, methods and constants have been found, from which copies of the graph are made in microseconds. The executor keeps one per stage program
/// and makes a copy per attempt. Immutable and thread-safe. It keeps the application's code loaded.
/// </summary>
public sealed class PreparedClosure
{
    private readonly CodeResolver _code;
    private readonly ReadOnlyMemory<byte> _body;
    private readonly Shape[] _shapes;
    private readonly object?[] _constants;

    // Objects of which every copy has its own, with where their creation records start.
    private readonly (int Number, int Offset)[] _own;
    private readonly int _contentOffset;

    private PreparedClosure(CodeResolver code, ReadOnlyMemory<byte> body, Shape[] shapes, object?[] constants, (int Number, int Offset)[] own, int contentOffset)
    {
        _code = code;
        _body = body;
        _shapes = shapes;
        _constants = constants;
        _own = own;
        _contentOffset = contentOffset;
    }

    /// <summary>Reads the tables of a closure and finds what they name; may load assemblies.</summary>
    /// <param name="bytes">Kept, and must not be changed.</param>
    /// <exception cref="InvalidDataException">The bytes are malformed, or name code that is not in their modules, the engine or the framework.</exception>
    public static PreparedClosure Prepare(ReadOnlyMemory<byte> bytes, CodeResolver code)
    {
        ArgumentNullException.ThrowIfNull(code);
        var body = Split(bytes, out var headerBytes);
        if (!code.Headers.TryGet(headerBytes, out var header))
        {
            header = HeaderReader.Read(headerBytes.Span, code);
            code.Headers.Add(headerBytes.Span, header);
        }

        return ReadRecords(body, header, code);
    }

    /// <summary>As <see cref="Prepare"/>, if an earlier closure had the same tables: nothing is loaded then, and nobody waited for.</summary>
    /// <returns><see langword="null"/> if none had.</returns>
    /// <exception cref="InvalidDataException">The bytes are malformed.</exception>
    public static PreparedClosure? TryPrepare(ReadOnlyMemory<byte> bytes, CodeResolver code)
    {
        ArgumentNullException.ThrowIfNull(code);
        var body = Split(bytes, out var headerBytes);
        return code.Headers.TryGet(headerBytes, out var header) ? ReadRecords(body, header, code) : null;
    }

    /// <summary>Makes a copy of the graph.</summary>
    /// <param name="broadcasts">Where large captured values come from; may be <see langword="null"/> if there are none.</param>
    /// <param name="cancellationToken">Ends the wait for a broadcast.</param>
    /// <returns>The root.</returns>
    /// <exception cref="InvalidDataException">The bytes are malformed.</exception>
    /// <exception cref="Tasks.MissingInputException">A broadcast could not be had.</exception>
    public object Instantiate(IBroadcastSource? broadcasts, CancellationToken cancellationToken)
    {
        var objects = (object?[])_constants.Clone();
        var context = new CreationContext(objects, _code, broadcasts, cancellationToken);
        var input = new ClosureInput(_body.Span);
        try
        {
            foreach (var (number, offset) in _own)
            {
                input.Position = offset;
                objects[number] = _shapes[number].Create(ref input, in context);
            }

            input.Position = _contentOffset;
            foreach (var (number, _) in _own)
            {
                _shapes[number].Fill(objects[number]!, ref input, objects);
            }
        }
        catch (Exception e) when (IsMisfit(e))
        {
            ClosureThrow.Malformed("its objects do not fit together", e);
        }

        RestoreAll(ref input, objects);
        return context.Earlier(input.ReadNumber());
    }

    private static ReadOnlyMemory<byte> Split(ReadOnlyMemory<byte> bytes, out ReadOnlyMemory<byte> header)
    {
        var input = new ClosureInput(bytes.Span);
        if (!input.ReadBytes(ClosureWriter.Magic.Length).SequenceEqual(ClosureWriter.Magic))
        {
            ClosureThrow.Malformed("it does not start with DPC1");
        }

        var headerLength = input.ReadNumber();
        var headerStart = input.Position;
        input.ReadBytes(headerLength);
        header = bytes.Slice(headerStart, headerLength);
        return bytes[input.Position..];
    }

    private static PreparedClosure ReadRecords(ReadOnlyMemory<byte> body, ClosureHeader header, CodeResolver code)
    {
        var input = new ClosureInput(body.Span);
        var count = input.ReadCount(minimumBytes: 1);
        var shapes = new Shape[count];
        var constants = new object?[count];
        var own = new List<(int, int)>();
        var context = new CreationContext(constants, code, null, CancellationToken.None);
        var contentBytes = 0L;
        try
        {
            for (var i = 0; i < count; i++)
            {
                var shape = input.ReadNumber() is var index && index < header.Shapes.Length ? header.Shapes[index] : null;
                if (shape is null)
                {
                    ClosureThrow.Malformed($"shape {index} of {header.Shapes.Length} is used");
                }

                shapes[i] = shape;
                var offset = input.Position;
                if (shape.IsConstant || (shape is DelegateShape && IsBoundToConstant(input, constants)))
                {
                    constants[i] = shape.Create(ref input, in context);
                }
                else
                {
                    own.Add((i, offset));
                    contentBytes += shape.SkipCreation(ref input);
                }
            }
        }
        catch (Exception e) when (IsMisfit(e))
        {
            ClosureThrow.Malformed("its constants cannot be made", e);
        }

        // The content comes later in the same bytes, so it bounds what may be allocated.
        if (contentBytes > input.Remaining)
        {
            ClosureThrow.Truncated(input.Position, contentBytes, body.Length);
        }

        return new PreparedClosure(code, body, shapes, constants, [.. own], input.Position);
    }

    // The input is a copy: looking does not move the reader.
    private static bool IsBoundToConstant(ClosureInput input, object?[] constants)
    {
        var target = input.ReadNumber() - 1;
        return target < 0 || (target < constants.Length && constants[target] is not null);
    }

    private void RestoreAll(ref ClosureInput input, object?[] objects)
    {
        var count = input.ReadCount(minimumBytes: 2);
        for (var i = 0; i < count; i++)
        {
            var number = input.ReadNumber();
            var parts = new object?[input.ReadCount(minimumBytes: 1)];
            for (var part = 0; part < parts.Length; part++)
            {
                parts[part] = ReferenceShape.Instance.Read(ref input, objects);
            }

            if (number >= objects.Length || _shapes[number] is not ObjectShape { Surrogate: { } surrogate } || parts.Length != surrogate.PartCount)
            {
                ClosureThrow.Malformed($"object {number} is not made of {parts.Length} parts");
                return;
            }

            Restore(surrogate, objects[number]!, parts);
        }
    }

    private static void Restore(Surrogate surrogate, object instance, object?[] parts)
    {
        try
        {
            surrogate.Restore(instance, parts);
        }
        catch (Exception e) when (e is InvalidCastException or NullReferenceException or ArgumentException)
        {
            ClosureThrow.Malformed($"a {DisplayNames.Of(instance.GetType())} cannot be put together", e);
        }
    }

    private static bool IsMisfit(Exception e) =>
        e is ArgumentException or ArrayTypeMismatchException or InvalidCastException or MemberAccessException or FormatException or OverflowException or NotSupportedException or OutOfMemoryException;
}
