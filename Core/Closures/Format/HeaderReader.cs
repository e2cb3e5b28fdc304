using System.Reflection;
using Dpark.Closures.Code;
using Dpark.Closures.Shapes;
using Dpark.Closures.Surrogates;
using Dpark.Text;

namespace Dpark.Closures.Format;

/// <summary>Reads the tables of a closure and finds what they name: in the modules that they list, in the framework and in the engine, nowhere else.</summary>
internal ref struct HeaderReader
{
    private const BindingFlags AllMembers =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private readonly CodeResolver _code;
    private ClosureInput _input;
    private CodeModule[] _modules = [];
    private ApplicationLoadContext? _context;
    private string[] _shared = [];
    private Type[] _types = [];
    private MethodInfo[] _methods = [];
    private Shape[] _shapes = [];
    private int _shapeCount;
    private bool _lacksCode;

    private HeaderReader(ReadOnlySpan<byte> bytes, CodeResolver code)
    {
        _input = new ClosureInput(bytes);
        _code = code;
    }

    /// <exception cref="InvalidDataException">The bytes are malformed, or name what is not there.</exception>
    public static ClosureHeader Read(ReadOnlySpan<byte> bytes, CodeResolver code)
    {
        var reader = new HeaderReader(bytes, code);
        try
        {
            return reader.ReadAll();
        }
        catch (Exception e) when (!reader._lacksCode && (e is ArgumentException or TypeLoadException or NotSupportedException or InvalidOperationException or IndexOutOfRangeException or FormatException))
        {
            ClosureThrow.Malformed("its tables do not fit the code that they name", e);
            return null!;
        }
    }

    private ClosureHeader ReadAll()
    {
        ReadModules();
        _shared = new string[_input.ReadCount(minimumBytes: 1)];
        for (var i = 0; i < _shared.Length; i++)
        {
            _shared[i] = _input.ReadText();
        }

        _types = new Type[_input.ReadCount(minimumBytes: 2)];
        for (var i = 0; i < _types.Length; i++)
        {
            _types[i] = ReadType(i);
        }

        _methods = new MethodInfo[_input.ReadCount(minimumBytes: 4)];
        for (var i = 0; i < _methods.Length; i++)
        {
            _methods[i] = ReadMethod();
        }

        _shapes = new Shape[_input.ReadCount(minimumBytes: 1)];
        for (_shapeCount = 0; _shapeCount < _shapes.Length; _shapeCount++)
        {
            _shapes[_shapeCount] = ReadShape();
        }

        return new ClosureHeader(_shapes);
    }

    private void ReadModules()
    {
        _modules = new CodeModule[_input.ReadCount(minimumBytes: 26)];
        for (var i = 0; i < _modules.Length; i++)
        {
            var name = _input.ReadText();
            var mvid = new Guid(_input.ReadBytes(16));
            var hash = LowerHex.Of(_input.ReadBytes(_input.ReadCount(minimumBytes: 1)));
            _modules[i] = new CodeModule(name, mvid, hash, _input.ReadInt64());
        }

        // What goes wrong while code is found or fetched is not the fault of the bytes.
        _lacksCode = true;
        _context = _code.ContextFor(_modules);
        _lacksCode = false;
    }

    private Type ReadType(int known)
    {
        var form = (TypeForm)_input.ReadByte();
        switch (form)
        {
            case TypeForm.Shared:
                return ReadSharedType();
            case TypeForm.Own:
                return ReadOwnType();
            case TypeForm.Vector:
                var element = ReadEarlierType(known);
                _input.ReadByte();
                return element.MakeArrayType();
            case TypeForm.Grid:
                return ReadEarlierType(known).MakeArrayType(_input.ReadByte());
            case TypeForm.Generic:
                var arguments = new Type[_input.ReadCount(minimumBytes: 1)];
                var definition = ReadEarlierType(known);
                for (var i = 0; i < arguments.Length; i++)
                {
                    arguments[i] = ReadEarlierType(known);
                }

                return definition.MakeGenericType(arguments);
            default:
                ClosureThrow.Malformed($"a type has the form {form}");
                return null!;
        }
    }

    private Type ReadEarlierType(int known)
    {
        var index = _input.ReadNumber();
        if (index >= known)
        {
            ClosureThrow.Malformed($"type {index} is used before it is read");
        }

        return _types[index];
    }

    private Type ReadSharedType()
    {
        var assemblyName = At(_shared, _input.ReadNumber(), "assembly");
        var name = _input.ReadText();
        var assembly = HasTypeSyntax(name) ? null : LoadShared(assemblyName);
        if (assembly is null || !SharedAssemblies.IsShared(assembly) || assembly.GetType(name) is not { } type)
        {
            ClosureThrow.Malformed($"the type {name} is not in {assemblyName}");
            return null!;
        }

        return type;
    }

    // A name with brackets could name further assemblies, which looking it up would load. Names are short, and the framework's search for six characters is compiled at its first use.
    private static bool HasTypeSyntax(string name)
    {
        foreach (var character in name)
        {
            if (character is '[' or ']' or ',' or '*' or '&' or '\\')
            {
                return true;
            }
        }

        return false;
    }

    private static Assembly LoadShared(string name)
    {
        try
        {
            return Assembly.Load(new AssemblyName(name));
        }
        catch (IOException e)
        {
            ClosureThrow.Malformed($"the assembly {name} is not here", e);
            return null!;
        }
    }

    private Type ReadOwnType()
    {
        var module = At(_modules, _input.ReadNumber(), "module");
        var token = _input.ReadNumber() | 0x02000000;
        var name = _input.ReadText();
        _lacksCode = true;
        var assembly = _code.Resolve(module, _context!);
        _lacksCode = false;
        var type = assembly.ManifestModule.ResolveType(token);
        if (type.FullName != name)
        {
            ClosureThrow.Malformed($"type {token:x8} of {module} is {type.FullName} and not {name}");
        }

        return type;
    }

    private MethodInfo ReadMethod()
    {
        var declaring = At(_types, _input.ReadNumber(), "type");
        var name = _input.ReadText();
        var signature = _input.ReadText();
        var token = _input.ReadNumber() | 0x06000000;
        var arguments = new Type[_input.ReadCount(minimumBytes: 1)];
        for (var i = 0; i < arguments.Length; i++)
        {
            arguments[i] = At(_types, _input.ReadNumber(), "type");
        }

        var definition = signature.Length == 0 ? declaring.Module.ResolveMethod(token) : FindMethod(declaring, name, signature);
        if (definition is not MethodInfo || definition.Name != name)
        {
            ClosureThrow.Malformed($"the method {name} is not in {declaring}");
        }

        var method = (MethodInfo)MethodBase.GetMethodFromHandle(definition!.MethodHandle, declaring.TypeHandle)!;
        return arguments.Length == 0 ? method : method.MakeGenericMethod(arguments);
    }

    private static MethodInfo? FindMethod(Type declaring, string name, string signature)
    {
        var open = declaring.IsConstructedGenericType ? declaring.GetGenericTypeDefinition() : declaring;
        return Array.Find(open.GetMethods(AllMembers), method => method.Name == name && method.ToString() == signature);
    }

    private Shape ReadShape()
    {
        var kind = (ShapeKind)_input.ReadByte();
        switch (kind)
        {
            case ShapeKind.String:
                return StringShape.Instance;
            case ShapeKind.Object:
                return ReadObjectShape();
            case ShapeKind.Array:
                var array = ReadType();
                return array.IsArray ? new ArrayShape(array, ReadValueShape(array.GetElementType()!)) : throw new ArgumentException($"{array} is not an array.");
            case ShapeKind.Delegate:
                return new DelegateShape(ReadType(), At(_methods, _input.ReadNumber(), "method"));
            case ShapeKind.Multicast:
                return new MulticastShape(ReadType());
            case ShapeKind.Text:
                var name = _input.ReadText();
                return new TextShape(TextSurrogates.Named(name) ?? throw new ArgumentException($"No object travels as '{name}'."));
            case ShapeKind.Boxed:
                return new BoxedShape(ReadValueShape(ReadType()));
            case ShapeKind.Type:
                return new TypeShape(ReadType());
            case ShapeKind.Singleton:
                return ReadSingleton();
            case ShapeKind.Broadcast:
                return new BroadcastShape(ReadType());
            default:
                ClosureThrow.Malformed($"a shape has the kind {kind}");
                return null!;
        }
    }

    private SingletonShape ReadSingleton()
    {
        var name = _input.ReadText();
        var argument = _input.ReadNumber();
        return Singletons.Named(name, argument == 0 ? null : At(_types, argument - 1, "type")) ?? throw new ArgumentException($"Nothing is called '{name}'.");
    }

    private ObjectShape ReadObjectShape()
    {
        var type = ReadType();
        var fields = new FieldSlot[_input.ReadCount(minimumBytes: 3)];
        for (var i = 0; i < fields.Length; i++)
        {
            var declaring = ReadType();
            var name = _input.ReadText();
            var field = declaring.GetField(name, AllMembers & ~BindingFlags.Static);
            if (field is null || !declaring.IsAssignableFrom(type))
            {
                ClosureThrow.Malformed($"the field {name} is not in {declaring}");
            }

            fields[i] = new FieldSlot(field, ReadFieldShape(field), null);
        }

        var level = _input.ReadNumber();
        var surrogate = level == 0 ? null : Surrogate.Of(At(_types, level - 1, "type")) ?? throw new ArgumentException("A surrogate is missing.");
        if (surrogate is not null && !surrogate.Level.IsAssignableFrom(type))
        {
            ClosureThrow.Malformed($"{type} is not a {surrogate.Level}");
        }

        return new ObjectShape(type, fields, surrogate);
    }

    // The type of a reference field may be in an assembly that nothing else needs, so it is not looked at.
    private ValueShape ReadFieldShape(FieldInfo field)
    {
        var kind = (ValueKind)_input.ReadByte();
        return kind == ValueKind.Reference ? ReferenceShape.Instance : ReadValueShape(kind, field.FieldType);
    }

    private ValueShape ReadValueShape(Type type) => ReadValueShape((ValueKind)_input.ReadByte(), type);

    private ValueShape ReadValueShape(ValueKind kind, Type type)
    {
        switch (kind)
        {
            case ValueKind.Reference when !type.IsValueType:
                return ReferenceShape.Instance;
            case ValueKind.Struct:
                var index = _input.ReadNumber();
                return index < _shapeCount && _shapes[index] is ObjectShape layout && layout.Type == type && type.IsValueType
                    ? new StructShape(layout)
                    : throw new ArgumentException($"{type} has no shape.");
            case ValueKind.Nullable when Nullable.GetUnderlyingType(type) is { } inner:
                return new NullableShape(type, ReadValueShape(inner));
            default:
                var number = type.IsValueType && Nullable.GetUnderlyingType(type) is null && (type.IsEnum || ValueShape.IsRaw(type)) ? ValueShape.Of(type) : null;
                return number?.Kind == kind ? number : throw new ArgumentException($"A {type} is here what was a {kind}.");
        }
    }

    private Type ReadType() => At(_types, _input.ReadNumber(), "type");

    private static T At<T>(T[] table, int index, string what)
    {
        if (index >= table.Length)
        {
            ClosureThrow.Malformed($"{what} {index} of {table.Length} is used");
        }

        return table[index];
    }
}
