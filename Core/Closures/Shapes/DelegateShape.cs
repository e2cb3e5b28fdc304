using System.Reflection;
using Dpark.Closures.Format;

namespace Dpark.Closures.Shapes;

/// <summary>A delegate to one method: any method that metadata names, open or bound to a first argument.</summary>
internal sealed class DelegateShape(Type type, MethodInfo method) : Shape
{
    public override ShapeKind Kind => ShapeKind.Delegate;

    public override Type Type => type;

    public override bool IsCollectible => type.IsCollectible || method.IsCollectible;

    public override void Describe(HeaderWriter header)
    {
        header.WriteNumber(header.TypeIndex(type));
        header.WriteNumber(header.MethodIndex(method));
    }

    public override void Visit(object value, GraphVisitor visitor) => visitor.OnReference(((Delegate)value).Target);

    public override void WriteCreation(object value, BodyWriter body) => body.WriteReference(((Delegate)value).Target);

    public override object Create(ref ClosureInput input, in CreationContext context)
    {
        var number = input.ReadNumber();
        return Delegate.CreateDelegate(type, number == 0 ? null : context.Earlier(number - 1), method);
    }

    public override long SkipCreation(ref ClosureInput input)
    {
        input.ReadNumber();
        return 0;
    }
}

/// <summary>Several delegates that are called in order.</summary>
internal sealed class MulticastShape(Type type) : Shape
{
    public override ShapeKind Kind => ShapeKind.Multicast;

    public override Type Type => type;

    public override void Describe(HeaderWriter header) => header.WriteNumber(header.TypeIndex(type));

    public override void Visit(object value, GraphVisitor visitor)
    {
        foreach (var single in ((Delegate)value).GetInvocationList())
        {
            visitor.OnReference(single);
        }
    }

    public override void WriteCreation(object value, BodyWriter body)
    {
        var list = body.PartsOf(value);
        body.Output.WriteNumber(list.Length);
        foreach (var single in list)
        {
            body.WriteReference(single);
        }
    }

    public override object Create(ref ClosureInput input, in CreationContext context)
    {
        var list = new Delegate[input.ReadCount(minimumBytes: 1)];
        for (var i = 0; i < list.Length; i++)
        {
            if (context.Earlier(input.ReadNumber() - 1) is not Delegate single || single.GetType() != type)
            {
                ClosureThrow.Malformed("a list of delegates holds something else");
                return list;
            }

            list[i] = single;
        }

        return Delegate.Combine(list)!;
    }

    public override long SkipCreation(ref ClosureInput input)
    {
        var count = input.ReadCount(minimumBytes: 1);
        for (var i = 0; i < count; i++)
        {
            input.ReadNumber();
        }

        return 0;
    }
}
