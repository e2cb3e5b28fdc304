using System.Runtime.InteropServices;
using Dpark.Closures.Format;

namespace Dpark.Closures.Shapes;

/// <summary>An array of any rank. Elements that are plain numbers go as one block.</summary>
internal sealed class ArrayShape(Type type, ValueShape element) : Shape
{
    private readonly Type _elementType = type.GetElementType()!;

    private readonly int _rank = type.GetArrayRank();

    public override ShapeKind Kind => ShapeKind.Array;

    public override Type Type => type;

    public ValueShape Element => element;

    public override void Describe(HeaderWriter header)
    {
        header.WriteNumber(header.TypeIndex(type));
        header.WriteValueShape(element);
    }

    public override void Visit(object value, GraphVisitor visitor)
    {
        if (!element.HasReferences)
        {
            return;
        }

        if (value is object?[] references)
        {
            foreach (var reference in references)
            {
                visitor.OnReference(reference);
            }

            return;
        }

        foreach (var item in (Array)value)
        {
            element.Visit(item, visitor);
        }
    }

    public override void WriteCreation(object value, BodyWriter body)
    {
        var array = (Array)value;
        if (type.IsSZArray)
        {
            body.Output.WriteNumber(array.Length);
            return;
        }

        for (var dimension = 0; dimension < _rank; dimension++)
        {
            body.Output.WriteNumber(array.GetLength(dimension));
            body.Output.WriteInt64(array.GetLowerBound(dimension));
        }
    }

    public override object Create(ref ClosureInput input, in CreationContext context)
    {
        if (type.IsSZArray)
        {
            return Array.CreateInstance(_elementType, input.ReadNumber());
        }

        var lengths = new int[_rank];
        var lowerBounds = new int[_rank];
        for (var dimension = 0; dimension < _rank; dimension++)
        {
            lengths[dimension] = input.ReadNumber();
            lowerBounds[dimension] = checked((int)input.ReadInt64());
        }

        return Array.CreateInstance(_elementType, lengths, lowerBounds);
    }

    public override long SkipCreation(ref ClosureInput input)
    {
        if (type.IsSZArray)
        {
            return (long)input.ReadNumber() * element.MinimumBytes;
        }

        var total = 1L;
        for (var dimension = 0; dimension < _rank; dimension++)
        {
            total = checked(total * input.ReadNumber());
            input.ReadInt64();
        }

        return checked(total * element.MinimumBytes);
    }

    public override void WriteContent(object value, BodyWriter body)
    {
        if (element.RawBytes > 0)
        {
            body.Output.WriteBytes(Image((Array)value));
            return;
        }

        if (value is object?[] references)
        {
            foreach (var reference in references)
            {
                body.WriteReference(reference);
            }

            return;
        }

        foreach (var item in (Array)value)
        {
            element.Write(item, body);
        }
    }

    public override void Fill(object value, ref ClosureInput input, object?[] objects)
    {
        var array = (Array)value;
        if (element.RawBytes > 0)
        {
            var image = Image(array);
            input.ReadBytes(image.Length).CopyTo(image);
        }
        else if (value is object?[] references)
        {
            for (var i = 0; i < references.Length; i++)
            {
                references[i] = element.Read(ref input, objects);
            }
        }
        else if (type.IsSZArray)
        {
            for (var i = 0; i < array.Length; i++)
            {
                array.SetValue(element.Read(ref input, objects), i);
            }
        }
        else
        {
            FillGrid(array, ref input, objects);
        }
    }

    private void FillGrid(Array array, ref ClosureInput input, object?[] objects)
    {
        var position = new int[_rank];
        for (var dimension = 0; dimension < _rank; dimension++)
        {
            position[dimension] = array.GetLowerBound(dimension);
        }

        for (long i = 0; i < array.LongLength; i++)
        {
            array.SetValue(element.Read(ref input, objects), position);
            for (var dimension = _rank - 1; dimension >= 0; dimension--)
            {
                if (++position[dimension] <= array.GetUpperBound(dimension))
                {
                    break;
                }

                position[dimension] = array.GetLowerBound(dimension);
            }
        }
    }

    private Span<byte> Image(Array array) =>
        MemoryMarshal.CreateSpan(ref MemoryMarshal.GetArrayDataReference(array), checked(array.Length * element.RawBytes));
}
