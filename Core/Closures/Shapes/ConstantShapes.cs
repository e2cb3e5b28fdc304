using Dpark.Broadcasting;
using Dpark.Closures.Format;
using Dpark.Closures.Surrogates;

namespace Dpark.Closures.Shapes;

/// <summary>A string.</summary>
internal sealed class StringShape : Shape
{
    public static readonly StringShape Instance = new();

    public override ShapeKind Kind => ShapeKind.String;

    public override Type Type => typeof(string);

    public override bool IsConstant => true;

    public override long SkipCreation(ref ClosureInput input) => 0;

    public override void Describe(HeaderWriter header)
    {
    }

    public override void WriteCreation(object value, BodyWriter body) => body.Output.WriteText((string)value);

    public override object Create(ref ClosureInput input, in CreationContext context) => input.ReadText();
}

/// <summary>A boxed number or enum.</summary>
internal sealed class BoxedShape(ValueShape value) : Shape
{
    public override ShapeKind Kind => ShapeKind.Boxed;

    public override Type Type => value.Type;

    public override bool IsConstant => true;

    public override long SkipCreation(ref ClosureInput input) => 0;

    public override void Describe(HeaderWriter header)
    {
        header.WriteNumber(header.TypeIndex(value.Type));
        header.WriteValueShape(value);
    }

    public override void WriteCreation(object boxed, BodyWriter body) => value.Write(boxed, body);

    public override object Create(ref ClosureInput input, in CreationContext context) => value.Read(ref input, context.Objects)!;
}

/// <summary>A <see cref="System.Type"/> object.</summary>
internal sealed class TypeShape(Type named) : Shape
{
    public override ShapeKind Kind => ShapeKind.Type;

    public override Type Type => typeof(Type);

    public override bool IsCollectible => named.IsCollectible;

    public override bool IsConstant => true;

    public override long SkipCreation(ref ClosureInput input) => 0;

    public override void Describe(HeaderWriter header) => header.WriteNumber(header.TypeIndex(named));

    public override object Create(ref ClosureInput input, in CreationContext context) => named;
}

/// <summary>An immutable framework object that a few texts describe, such as a culture or a regular expression.</summary>
internal sealed class TextShape(TextSurrogate surrogate) : Shape
{
    public override ShapeKind Kind => ShapeKind.Text;

    public override Type Type => surrogate.Type;

    public override bool IsConstant => true;

    public override long SkipCreation(ref ClosureInput input) => 0;

    public override void Describe(HeaderWriter header) => header.WriteText(surrogate.Name);

    public override void WriteCreation(object value, BodyWriter body)
    {
        var texts = surrogate.ToTexts(value);
        body.Output.WriteNumber(texts.Length);
        foreach (var text in texts)
        {
            body.Output.WriteText(text);
        }
    }

    public override object Create(ref ClosureInput input, in CreationContext context)
    {
        var texts = new string[input.ReadCount(minimumBytes: 1)];
        for (var i = 0; i < texts.Length; i++)
        {
            texts[i] = input.ReadText();
        }

        return surrogate.FromTexts(texts);
    }
}

/// <summary>An object that is the same one wherever the framework is, such as <see cref="StringComparer.Ordinal"/>.</summary>
internal sealed class SingletonShape(string name, Type? argument, object value) : Shape
{
    public override ShapeKind Kind => ShapeKind.Singleton;

    public override Type Type => value.GetType();

    public override bool IsCollectible => Type.IsCollectible || argument is { IsCollectible: true };

    public override bool IsConstant => true;

    public override long SkipCreation(ref ClosureInput input) => 0;

    public override void Describe(HeaderWriter header)
    {
        header.WriteText(name);
        header.WriteNumber(argument is null ? 0 : header.TypeIndex(argument) + 1);
    }

    public override object Create(ref ClosureInput input, in CreationContext context) => value;
}

/// <summary>A large captured value that travels apart from the closure.</summary>
internal sealed class BroadcastShape(Type type) : Shape
{
    public override ShapeKind Kind => ShapeKind.Broadcast;

    public override Type Type => type;

    public override void Describe(HeaderWriter header) => header.WriteNumber(header.TypeIndex(type));

    public override void WriteCreation(object value, BodyWriter body) => body.Output.WriteNumber(body.BroadcastOf(value).Value);

    public override long SkipCreation(ref ClosureInput input)
    {
        input.ReadNumber();
        return 0;
    }

    public override object Create(ref ClosureInput input, in CreationContext context)
    {
        var id = new BroadcastId(input.ReadNumber());
        if (context.Broadcasts is not { } broadcasts)
        {
            throw new InvalidOperationException(
                $"A closure of {context.Code.Application} captures {id}, but no source of broadcasts was given to decode it. Pass the worker's source.");
        }

        var (code, token) = (context.Code, context.CancellationToken);
        var value = broadcasts.GetOrFetch(code.Application, id, bytes => ClosureSerializer.Deserialize(bytes, code, broadcasts, token), token);
        if (!type.IsInstanceOfType(value))
        {
            ClosureThrow.Malformed($"{id} holds a {DisplayNames.Of(value.GetType())} instead of a {DisplayNames.Of(type)}");
        }

        return value;
    }
}
